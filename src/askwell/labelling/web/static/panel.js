// The panel: how far, how good, whether to stop, who.
import { element } from "./item.js";

const byId = (id) => document.getElementById(id);
const percent = (share) => `${Math.round(100 * share)} %`;
const number = (count) => count.toLocaleString("en");

export function status(now) {
  byId("trouble").textContent = now.trouble ?? "";
  byId("count").textContent = `${number(now.labels)} of ${number(now.rows)} rows have a label.`;
  const skipped = Object.values(now.skipped).reduce((a, b) => a + b, 0);
  byId("left").textContent = `${number(now.left)} can still be asked${skipped ? `, ${number(skipped)} were skipped` : ""}.`;
  const { accuracy, gain } = now;
  byId("accuracy").textContent = accuracy
    ? `Accuracy now: ${percent(accuracy.value)} (${percent(accuracy.low)} to ${percent(accuracy.high)}, nine times in ten).` +
      (gain ? ` ${gain.labels} more labels will probably bring ${(100 * gain.expected).toFixed(1)} points.` : "")
    : now.unknown ?? "How good the classifier is, is known once two classes have labels.";
  byId("stop").textContent = now.stop.length ? `You may stop: ${now.stop.join("; ")}.` : "";
  byId("speed").textContent = now.seconds ? `A label takes ${now.seconds} s (median).` : "";
  const people = Object.entries(now.people).sort((a, b) => b[1] - a[1]);
  const agreement =
    now.agreement === null ? "" : ` They agree to ${now.agreement.toFixed(2)} (Krippendorff's alpha; 1 is perfect).`;
  const disputed = now.disputed ? ` ${now.disputed} rows are disputed.` : "";
  byId("people").textContent = people.length
    ? `Answers: ${people.map(([name, count]) => `${name} ${number(count)}`).join(", ")}.${agreement}${disputed}`
    : "";
  shares(now.counts);
  byId("saving").textContent = now.saving ?? "";
  curve(now.curve, now.random);
}

function shares(counts) {
  const entries = Object.entries(counts);
  const most = Math.max(1, ...entries.map(([, count]) => count));
  byId("shares").replaceChildren(
    ...entries.map(([name, count]) => {
      const bar = element("span", { class: "bar" });
      bar.style.width = `${(100 * count) / most}%`;
      return element("div", { class: "share" }, element("span", { title: name, dir: "auto" }, name), bar,
        element("span", {}, number(count)));
    }),
  );
}

const WIDE = 340, HIGH = 170, LEFT = 34, LOW = 22;

function curve(points, random) {
  const into = byId("curve");
  if (points.length < 2) {
    into.replaceChildren();
    return;
  }
  const last = points.at(-1).labels;
  const x = (labels) => LEFT + ((WIDE - LEFT - 6) * labels) / last;
  const y = (share) => 6 + (HIGH - LOW - 6) * (1 - share);
  const path = (some, get) => some.map((one) => `${x(one.labels).toFixed(1)},${y(get(one)).toFixed(1)}`).join(" ");
  const band = (some) => `${path(some, (one) => one.high)} ${path([...some].reverse(), (one) => one.low)}`;
  const line = (some) => path(some, (one) => one.value);
  const grid = [0, 0.5, 1].map(
    (share) => `<line x1="${LEFT}" x2="${WIDE - 6}" y1="${y(share)}" y2="${y(share)}" stroke="var(--line)"/>
      <text x="${LEFT - 5}" y="${y(share) + 4}" text-anchor="end">${100 * share}</text>`,
  );
  // Only numbers of our own go into this.
  into.innerHTML = `<svg viewBox="0 0 ${WIDE} ${HIGH}" role="img" aria-label="Estimated accuracy in percent over labels"
    font-size="11" fill="var(--quiet)">${grid.join("")}
    <polygon points="${band(points)}" fill="var(--accent)" opacity=".18"/>
    <polygon points="${band(random)}" fill="var(--quiet)" opacity=".25"/>
    <polyline points="${line(random)}" fill="none" stroke="var(--quiet)" stroke-width="1.5" stroke-dasharray="4 3"/>
    <polyline points="${line(points)}" fill="none" stroke="var(--accent)" stroke-width="2"/>
    <text x="${LEFT}" y="${HIGH - 6}">0</text><text x="${WIDE - 6}" y="${HIGH - 6}" text-anchor="end">${last} labels</text></svg>
    <p class="quiet">Estimated accuracy in percent, and the interval that holds the truth nine times in ten.${
      random.length ? " Dashed: what random batches would have reached, by the median of other sets; half of those lie within the grey band." : ""
    }</p>`;
}
