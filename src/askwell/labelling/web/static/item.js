// How a row is shown: prose, a table of its cells, pictures, or its numbers as a drawing.
const PROSE = 80; // characters from which a cell is prose

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null)); // text stays text: nothing in it is read as HTML
  return made;
}

export function show(into, item) {
  into.replaceChildren();
  into.scrollTop = 0;
  const cells = Object.entries(item.fields);
  const alone = cells.length === 1;
  const rows = [];
  for (const [name, value] of cells) {
    if (item.images.includes(name) && value) {
      const url = value.includes("://")
        ? value
        : `/api/image?id=${encodeURIComponent(item.id)}&column=${encodeURIComponent(name)}`;
      into.append(element("img", { src: url, alt: `${name} of row ${item.id}` }));
    } else if (typeof value === "string" && (alone || value.length > PROSE || value.includes("\n"))) {
      if (!alone) into.append(element("p", { class: "quiet" }, name));
      into.append(element("p", { class: "text", dir: "auto" }, value));
    } else {
      const cell = value === null ? "–" : typeof value === "object" ? JSON.stringify(value) : String(value);
      rows.push(element("tr", {}, element("th", { scope: "row" }, name), element("td", { dir: "auto" }, cell)));
    }
  }
  if (rows.length) into.append(element("table", {}, element("tbody", {}, ...rows)));
  if (item.values) {
    const own = figure(item.values, "this row", 8);
    const near = item.neighbours.map((one) => figure(one.values, `near: ${one.label}`, 4));
    into.append(element("div", { class: "drawn" }, own, ...near));
  } else if (!cells.length) {
    into.append(element("p", {}, `Row ${item.id}`));
  }
}

function figure(values, caption, scale) {
  const side = Math.sqrt(values.length);
  const square = Number.isInteger(side) && side >= 5; // most likely a picture
  const canvas = element("canvas", { role: "img", "aria-label": `${values.length} numbers of ${caption}` });
  const low = Math.min(...values), high = Math.max(...values), range = high - low || 1;
  const pen = canvas.getContext("2d");
  if (square) {
    canvas.width = canvas.height = side;
    const size = Math.max(side, Math.round((side <= 32 ? 24 : 56) * scale));
    canvas.style.width = canvas.style.height = `${size}px`;
    values.forEach((value, at) => {
      const grey = Math.round(255 - (255 * (value - low)) / range);
      pen.fillStyle = `rgb(${grey} ${grey} ${grey})`;
      pen.fillRect(at % side, Math.floor(at / side), 1, 1);
    });
  } else {
    canvas.width = 45 * scale;
    canvas.height = 20 * scale;
    pen.strokeStyle = "#1f5fa8";
    pen.beginPath();
    values.forEach((value, at) => {
      const x = (at / Math.max(values.length - 1, 1)) * (canvas.width - 4) + 2;
      pen.lineTo(x, canvas.height - 2 - ((value - low) / range) * (canvas.height - 4));
    });
    pen.stroke();
  }
  return element("figure", {}, canvas, element("figcaption", {}, caption));
}
