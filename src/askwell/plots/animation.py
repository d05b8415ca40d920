"""Moving pictures: frame after frame into a GIF."""

import io
from collections.abc import Callable

from matplotlib.figure import Figure
from PIL import Image

from askwell.plots.files import canvas

SECOND = 1000
"""Milliseconds that a frame stays; the last stays three times as long."""

DPI = 80


def animate(
    size: tuple[float, float], frames: int, draw: Callable[[Figure, int], None], pause: int = SECOND
) -> io.BytesIO:
    """A GIF that goes on for ever, of `frames` figures of `size` inches, each shown for `pause` milliseconds."""
    pictures = []
    for at in range(frames):
        figure = canvas(*size)
        figure.set_dpi(DPI)
        draw(figure, at)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png")
        # One palette a frame: Pillow's shared one would let colours drift.
        pictures.append(Image.open(buffer).convert("RGB").quantize(256, dither=Image.Dither.NONE))
    film = io.BytesIO()
    times = [pause] * (frames - 1) + [3 * pause]
    pictures[0].save(
        film, "GIF", save_all=True, append_images=pictures[1:], duration=times, loop=0, disposal=1
    )
    return film
