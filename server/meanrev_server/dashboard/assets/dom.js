// Elements, numbers and tables. Every text goes in as a text node, so a name with markup in it is shown as it is.

export const at = (id) => document.getElementById(id);

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export function number(value, digits = 4) {
  if (value === null || value === undefined) return "–";
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return value.toLocaleString("en");
  if (Math.abs(value) < 1e-4) return value.toExponential(2);
  return Number(value.toPrecision(digits)).toLocaleString("en", { maximumSignificantDigits: digits });
}

export const percent = (value) => (value === null || value === undefined ? "–" : `${number(100 * value, 3)} %`);

export function bytes(value) {
  if (value === null || value === undefined) return "–";
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let place = 0;
  while (value >= 1024 && place < units.length - 1) [value, place] = [value / 1024, place + 1];
  return `${number(value, 3)} ${units[place]}`;
}

export function duration(seconds) {
  const [days, hours, minutes] = [seconds / 86400, (seconds / 3600) % 24, (seconds / 60) % 60].map(Math.floor);
  return days ? `${days} d ${hours} h` : hours ? `${hours} h ${minutes} min` : `${minutes} min`;
}

export const clock = (ms) => (ms ? new Date(ms).toLocaleString("en-GB") : "–");

export function tile(name, value, more, wide = false) {
  const shown = make("dd", {}, value, more ? make("small", {}, more) : null);
  return make("div", wide ? { class: "wide" } : {}, make("dt", {}, name), shown);
}

// A list with one row a thing; on a narrow screen each cell shows its column's name.
export function list(columns, rows, empty) {
  if (!rows.length) return make("p", { class: "hint" }, empty);
  const kind = (column) => (column.number ? { class: "number" } : {});
  const head = columns.map((column) => make("th", { scope: "col", ...kind(column) }, column.name));
  const body = rows.map((row) =>
    make("tr", {}, ...columns.map((column) => make("td", { "data-label": column.name, ...kind(column) }, column.of(row)))),
  );
  return make("div", { class: "list" }, make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...body)));
}

// A table of figures in a box that scrolls, and that the keyboard reaches.
export function grid(caption, head, rows) {
  const heads = head.map((text) => make("th", { scope: "col" }, text));
  const body = rows.map(([first, ...rest]) =>
    make("tr", {}, make("th", { scope: "row" }, first), ...rest.map((text) => make("td", {}, text))),
  );
  const table = make("table", {}, make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...body));
  return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption }, table);
}

// A canvas with its title, and the same numbers as a table, which is made when it is opened.
export function figure(title, host, table) {
  const details = make("details", {}, make("summary", {}, "Table"));
  const fill = () => details.open && details.replaceChildren(details.firstChild, table());
  details.addEventListener("toggle", fill);
  return Object.assign(make("figure", {}, make("figcaption", {}, title), host, details), { refill: fill });
}

// The values of a form, and what to do with a refusal: its sentence is shown, and the field that it names is marked.
export function values(form) {
  const found = {};
  for (const field of form.elements) {
    if (!field.name) continue;
    const text = field.value.trim();
    const kind = field.dataset.kind;
    if (kind === "number") found[field.name] = text !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
    else found[field.name] = kind === "json" ? JSON.parse(text) : text;
  }
  return found;
}

export function complain(form, error) {
  const place = form.querySelector(".error");
  place.textContent = error ? error.message : "";
  place.hidden = !error;
  const named = error?.field?.replace(/^metadata\./, "").replace(/\[.*$/, "");
  for (const field of form.elements) {
    if (!field.name) continue;
    const wrong = Boolean(named) && (field.name === named || `${field.name}s` === named);
    field.toggleAttribute("aria-invalid", wrong);
    if (wrong) {
      field.setAttribute("aria-invalid", "true");
      field.focus();
    }
  }
}
