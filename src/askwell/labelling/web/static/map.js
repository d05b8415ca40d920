// The pool on a plane; a click opens the nearest row.
import { element } from "./item.js";

const COLOURS = ["#1f77b4", "#d95f02", "#1b9e77", "#c51b8a", "#7570b3", "#a6761d", "#66a61e", "#e31a1c", "#6a3d9a", "#4d4d4d"];
const NEAR = 0.06; // of the plane's width: farther clicks open nothing

let points = [];

const colour = (classes, name) => COLOURS[classes.indexOf(name) % COLOURS.length];
const place = (canvas, one) => [((one.x + 1.05) / 2.1) * canvas.width, (1 - (one.y + 1.05) / 2.1) * canvas.height];

export async function draw(canvas, legend) {
  const answer = await fetch("/api/map");
  if (!answer.ok) throw new Error((await answer.json()).error);
  const { classes, rows, ...found } = await answer.json();
  points = found.points;
  const pen = canvas.getContext("2d");
  pen.clearRect(0, 0, canvas.width, canvas.height);
  const ink = getComputedStyle(document.body).color;
  // Labelled and held rows lie on top.
  const order = (one) => (one.label !== undefined ? 2 : one.held ? 1 : 0);
  for (const one of [...points].sort((a, b) => order(a) - order(b))) {
    const [x, y] = place(canvas, one);
    const name = one.label ?? one.predicted;
    pen.fillStyle = name === undefined ? "#8a867e" : colour(classes, name);
    pen.globalAlpha = one.label !== undefined || one.held ? 1 : 0.15 + 0.6 * (one.doubt ?? 0.3);
    pen.beginPath();
    pen.arc(x, y, one.label !== undefined || one.held ? 7 : 3.5, 0, 7);
    pen.fill();
    if (one.label !== undefined || one.held) {
      pen.strokeStyle = ink;
      pen.lineWidth = one.held ? 4 : 1.5;
      pen.stroke();
    }
  }
  pen.globalAlpha = 1;
  const dots = classes.slice(0, 20).map((name) => {
    const dot = element("span", { class: "dot" });
    dot.style.background = colour(classes, name);
    return element("span", {}, dot, `${name} `);
  });
  const some = points.length < rows ? ` ${points.length.toLocaleString("en")} of ${rows.toLocaleString("en")} rows are drawn.` : "";
  legend.replaceChildren(...dots, element("span", {},
    `Large: labelled; with a thick edge: being asked; small: as the classifier predicts, fuller where it doubts.${some} ` +
    "Click a point to see it and to correct its label. Two principal components."));
}

export function nearest(canvas, event) {
  const box = canvas.getBoundingClientRect();
  const x = ((event.clientX - box.left) / box.width) * canvas.width;
  const y = ((event.clientY - box.top) / box.height) * canvas.height;
  let best = null, least = NEAR * canvas.width;
  for (const one of points) {
    const [px, py] = place(canvas, one);
    const distance = Math.hypot(px - x, py - y);
    if (distance < least) [best, least] = [one.id, distance];
  }
  return best;
}
