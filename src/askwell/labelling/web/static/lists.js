// Answers to look through, and those to look at again.
import { element } from "./item.js";

async function fetched(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error((await answer.json()).error);
  return answer.json();
}

function entry(id, title, line, open) {
  const button = element("button", { type: "button" },
    element("span", { class: "title", dir: "auto" }, title || id), element("span", { class: "quiet" }, line));
  button.addEventListener("click", () => open(id));
  return element("li", {}, button);
}

const HOW = { later: "put off", unsure: "nobody can tell", exclude: "left out" };

export async function answers(into, search, open) {
  const found = await fetched(`/api/answers?search=${encodeURIComponent(search)}`);
  into.replaceChildren(
    ...found.map((one) => entry(one.id, one.title, `${one.label ?? HOW[one.how]} · ${one.annotator} · ${one.id}`, open)),
  );
  if (!found.length) into.append(element("li", {}, search ? "No answer holds that." : "There are no answers yet."));
}

export async function doubts(into, open) {
  const [doubtful, disputed] = await Promise.all([fetched("/api/doubts"), fetched("/api/disputed")]);
  into.replaceChildren(
    ...disputed.map((one) => {
      const said = Object.entries(one.answers).map(([name, label]) => `${name}: ${label ?? "skipped"}`);
      return entry(one.id, one.title, `${said.join(", ")} · ${one.counts} counts`, open);
    }),
    ...doubtful.map((one) => entry(one.id, one.title, `${one.label}, but rather ${one.likely} · ${one.id}`, open)),
  );
  if (!into.children.length) into.append(element("li", {}, "None now."));
}
