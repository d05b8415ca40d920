// Answers that the server has not acknowledged yet: in local storage, sent in order, again and again until they are.
const PREFIX = "askwell.outbox.";
const FIRST = 300, LONGEST = 5000; // milliseconds between two tries

export class Outbox {
  constructor({ sent, refused, state }) {
    this.sent = sent; // (id): it is saved
    this.refused = refused; // (id, sentence): the server will never take it
    this.state = state; // (number waiting, sentence or null)
    this.key = PREFIX + (globalThis.crypto.randomUUID?.() ?? Math.random().toString(36).slice(2));
    this.waiting = [];
    this.failed = null; // why the last try failed
    // What an earlier visit left. Should its page still be open, things are sent twice, which changes nothing.
    for (const key of Object.keys(localStorage).filter((key) => key.startsWith(PREFIX))) {
      this.waiting.push(...JSON.parse(localStorage.getItem(key)));
      localStorage.removeItem(key);
    }
    this.keep();
    this.wake = () => {};
    addEventListener("online", () => this.wake());
    this.run();
  }

  has(id) {
    return this.waiting.some((one) => one.id === id);
  }

  put(id, body) {
    this.add({ method: "PUT", id, body });
  }

  takeBack(id, annotator) {
    this.add({ method: "DELETE", id, annotator });
  }

  add(one) {
    this.waiting.push(one);
    this.keep();
    this.state(this.waiting.length, this.failed);
    this.wake();
  }

  keep() {
    if (this.waiting.length) localStorage.setItem(this.key, JSON.stringify(this.waiting));
    else localStorage.removeItem(this.key);
  }

  async run() {
    let pause = FIRST;
    for (;;) {
      if (!this.waiting.length) {
        this.state(0, null);
        await new Promise((wake) => (this.wake = wake));
        this.wake = () => {};
        continue;
      }
      const one = this.waiting[0];
      this.failed = await this.send(one);
      if (this.failed === null) {
        this.waiting.shift();
        this.keep();
        pause = FIRST;
        continue;
      }
      this.state(this.waiting.length, this.failed);
      await new Promise((wake) => {
        this.wake = wake;
        setTimeout(wake, pause);
      });
      this.wake = () => {};
      pause = Math.min(2 * pause, LONGEST);
    }
  }

  // Null once the server has decided; else why it is tried again.
  async send({ method, id, body, annotator }) {
    const query = method === "DELETE" ? `?annotator=${encodeURIComponent(annotator)}` : "";
    try {
      const answer = await fetch(`/api/labels/${encodeURIComponent(id)}${query}`, {
        method,
        headers: { "Content-Type": "application/json" },
        body: body && JSON.stringify(body),
        signal: AbortSignal.timeout(20000),
      });
      if (answer.ok) {
        this.sent(id);
        return null;
      }
      const { error } = await answer.json().catch(() => ({ error: `The server answers ${answer.status}.` }));
      if (answer.status !== 422 && answer.status !== 413) return error;
      this.refused(id, error);
      return null;
    } catch {
      return "The server does not answer.";
    }
  }
}
