// Jobs and kept matrices.

import { ask, ended } from "./api.js";
import { at, bytes, clock, list, make, number } from "./dom.js";

const EVERY_MS = 2000;

const short = (id) => make("code", { title: id }, `${id.slice(0, 12)}…`);

// A screen that reads a list anew every two seconds; its buttons act on a row, and ask first.
function listed({ place, name, columns, empty, act }) {
  let stop = null;
  let timer = 0;
  let before = "";

  async function read(notice) {
    const { signal } = stop;
    try {
      const found = await ask(name, undefined, signal);
      const text = JSON.stringify(found);
      if (text !== before) {
        before = text;
        const focused = document.activeElement?.dataset?.id;
        const button = { name: "", of: (row) => act(row, (call) => change(call, notice)) };
        const more = found.more ? make("p", { class: "hint" }, `The newest ${found[name].length} are listed.`) : null;
        at(place).replaceChildren(...[list([...columns, button], found[name], empty), more].filter(Boolean));
        if (focused) at(place).querySelector(`[data-id="${CSS.escape(focused)}"]`)?.focus();
      }
      notice("");
    } catch (error) {
      if (ended(error) || error.status === 401) return;
      notice(error.message);
    }
    if (!signal.aborted) timer = setTimeout(() => read(notice), EVERY_MS);
  }

  async function change(call, notice) {
    try {
      await call();
      clearTimeout(timer);
      await read(notice);
    } catch (error) {
      notice(error.message);
    }
  }

  return {
    open(notice) {
      stop = new AbortController();
      before = "";
      read(notice);
    },
    close() {
      stop?.abort();
      clearTimeout(timer);
    },
  };
}

const statuses = { done: "good", failed: "bad", cancelled: "warn" };

function share(job) {
  if (!["queued", "running"].includes(job.status)) return job.total ? `${number(job.done)} of ${number(job.total)}` : "–";
  const said = `${number(job.done)} of ${number(job.total)}`;
  return make("span", {}, make("progress", { value: job.done, max: job.total || 1, "aria-label": `Progress: ${said}` }), ` ${said}`);
}

export const jobs = () => listed({
  place: "jobs-list",
  name: "jobs",
  empty: "You have no jobs here. Client.submit starts one.",
  columns: [
    { name: "Job", of: (job) => short(job.job_id) },
    { name: "Method", of: (job) => job.method },
    { name: "Status", of: (job) => make("span", { class: statuses[job.status] }, job.status, job.error ? `: ${job.error}` : "") },
    { name: "Progress", of: share },
    { name: "Submitted", of: (job) => clock(job.submitted_ms) },
    { name: "Ended", of: (job) => clock(job.finished_ms) },
  ],
  act: (job, change) => (["queued", "running"].includes(job.status)
    ? make("button", { type: "button", "data-id": job.job_id, "aria-label": `Cancel job ${job.job_id.slice(0, 12)}`, onclick: () => change(() => ask("cancel", { job_id: job.job_id })) }, "Cancel")
    : null),
});

export const matrices = () => listed({
  place: "matrices-list",
  name: "matrices",
  empty: "You keep no matrices here. meanrev put FILE, or Client.put, sends one.",
  columns: [
    { name: "Matrix", of: (kept) => short(kept.matrix_id) },
    { name: "Rows", number: true, of: (kept) => number(kept.rows) },
    { name: "Columns", number: true, of: (kept) => number(kept.cols) },
    { name: "Size", number: true, of: (kept) => bytes(kept.nbytes) },
    { name: "Stored", of: (kept) => clock(kept.stored_ms) },
    { name: "Last used", of: (kept) => clock(kept.used_ms) },
  ],
  act: (kept, change) => {
    const id = kept.matrix_id;
    const asked = `Drop matrix ${id.slice(0, 12)}…, ${kept.rows} × ${kept.cols}? It has to be sent again to be used again.`;
    return make("button", { type: "button", "data-id": id, "aria-label": `Drop matrix ${id.slice(0, 12)}`, onclick: () => window.confirm(asked) && change(() => ask("drop", { matrix_id: id })) }, "Drop");
  },
});

// Fills the choice of a matrix, and the names of its columns, of a form; returns what reads both anew.
export function chooser(form, names, notice, defaults) {
  const select = form.elements.matrix_id;
  const perYear = form.elements.periods_per_year;
  let filled = perYear.value;

  async function columns() {
    if (!select.value) return;
    const asked = select.value;
    const found = await ask("matrix", { matrix_id: asked });
    if (select.value !== asked) return; // another one has been chosen meanwhile
    if (perYear.value === filled) perYear.value = filled = String(found.periods_per_year); // else a person has typed it
    names.replaceChildren(...found.columns.map((name) => make("option", { value: name })));
    defaults.forEach((field, place) => {
      const input = form.elements[field];
      if (!found.columns.includes(input.value)) input.value = found.columns[Math.min(place, found.columns.length - 1)];
    });
  }

  async function read() {
    try {
      const found = await ask("matrices");
      const chosen = select.value;
      select.replaceChildren(...found.matrices.map((kept) =>
        make("option", { value: kept.matrix_id }, `${kept.matrix_id.slice(0, 8)}… ${number(kept.rows)} × ${number(kept.cols)}`)));
      if (found.matrices.some((kept) => kept.matrix_id === chosen)) select.value = chosen;
      await columns();
      notice(found.matrices.length ? "" : "You keep no matrices here yet: meanrev put FILE, or Client.put, sends one.");
    } catch (error) {
      if (error.status !== 401) notice(error.message);
    }
  }

  select.addEventListener("change", () => columns().catch((error) => notice(error.message)));
  return read;
}
