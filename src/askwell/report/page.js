// Draws the figures one after another, so that the page answers at once, and plays those that have frames.
"use strict";
(() => {
  const night = window.matchMedia("(prefers-color-scheme: dark)");
  const tell = JSON.parse(document.getElementById("night").textContent);
  const plots = [...document.querySelectorAll(".plot")];
  const players = new Map();

  const colours = (text) => (night.matches ? text.replace(/#[0-9a-f]{6}\b/g, (c) => tell[c] || c) : text);

  function draw(div) {
    const text = div.querySelector("script").textContent;
    const { data, layout, frames } = JSON.parse(colours(text));
    let into = div.querySelector(".drawn");
    if (into) Plotly.purge(into);
    else into = div.appendChild(Object.assign(document.createElement("div"), { className: "drawn" }));
    into.style.height = "100%";
    layout.autosize = true;
    delete layout.height;
    return Plotly.newPlot(into, { data, layout, frames, config: { displayModeBar: false, responsive: true } });
  }

  function player(figure) {
    const slider = figure.querySelector(".step"), button = figure.querySelector(".play");
    const output = figure.querySelector("output"), belief = figure.querySelector(".belief");
    const drawn = () => [...figure.querySelectorAll(".drawn")].filter((d) => d._transitionData._frames.length);
    const meta = () => drawn()[0].layout.meta;
    let timer = null;
    const show = (at) => {
      slider.value = at;
      output.textContent = meta().steps[at];
      const still = { mode: "immediate", frame: { duration: 0, redraw: true }, transition: { duration: 0 } };
      // A step that the next one overtakes is rejected; that is no error.
      return Promise.all(drawn().map((d) => Plotly.animate(d, [String(at)], still).catch(() => null)));
    };
    const paint = () => belief && drawn().forEach((d) => {
      const { class: own, belief: seen } = d.layout.meta;
      const on = belief.checked;
      Plotly.restyle(d, { visible: [...own.map(() => !on), ...seen.map(() => on)] }, [...own, ...seen]);
    });
    const stop = () => {
      clearInterval(timer);
      timer = null;
      button.textContent = "▶ Play";
      button.setAttribute("aria-label", "Play");
    };
    button.addEventListener("click", () => {
      if (timer) return stop();
      button.textContent = "❚❚ Pause";
      button.setAttribute("aria-label", "Pause");
      if (+slider.value === +slider.max) show(0);
      timer = setInterval(() => (+slider.value < +slider.max ? show(+slider.value + 1) : stop()), meta().pause);
    });
    slider.addEventListener("input", () => { stop(); show(+slider.value); });
    if (belief) belief.addEventListener("change", paint);
    // A click where the trace "steps" has a point shows its step; a point of another trace may lie on it.
    const click = (d) => ({ points: [{ x, y }] }) => {
      const steps = d._fullData.find((trace) => trace.name === "steps");
      const at = steps ? [...steps.x].findIndex((left, i) => left === x && steps.y[i] === y) : -1;
      if (at >= 0) { stop(); show(at); }
    };
    players.set(figure, () => {
      drawn().forEach((d) => { d.removeAllListeners("plotly_click"); d.on("plotly_click", click(d)); });
      show(+slider.value);
      paint();
    });
  }

  async function all() {
    for (const div of plots) {
      await draw(div);
      await new Promise((next) => setTimeout(next));
    }
    for (const again of players.values()) again();
    document.documentElement.dataset.ready = "yes";
  }

  document.querySelectorAll("figure").forEach((figure) => figure.querySelector(".player") && player(figure));
  night.addEventListener("change", all);
  // Plotly takes a second to be read; the words are shown before.
  requestAnimationFrame(() => setTimeout(() => {
    const plotly = document.getElementById("plotly");
    document.head.appendChild(Object.assign(document.createElement("script"), { text: plotly.textContent }));
    plotly.remove();
    all();
  }));
})();
