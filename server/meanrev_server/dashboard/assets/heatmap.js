// A heatmap on one scale: entry levels across, exit levels up. Mouse or arrow keys choose a cell.

import { colour } from "./charts.js";
import { figure, grid, make, number } from "./dom.js";

const STOPS = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];
const LEFT = 52;
const BOTTOM = 40;
const TOP = 8;
const all = new Set();

export function ramp(share) {
  const place = Math.min(Math.max(share, 0), 1) * (STOPS.length - 1);
  const low = Math.min(Math.floor(place), STOPS.length - 2);
  return STOPS[low].map((from, i) => Math.round(from + (place - low) * (STOPS[low + 1][i] - from)));
}

export function recolourHeatmaps() {
  for (const draw of all) draw();
}

const distinct = (values) => [...new Set(values)].sort((a, b) => a - b);

// asked: {title, sweep, figure, format, choose}; choose(cell) is called with the number of a cell.
export function heatmap(asked) {
  const { sweep } = asked;
  const entries = distinct(sweep.entry);
  const exits = distinct(sweep.exit);
  const places = new Map(sweep.entry.map((entry, cell) => [`${entry}|${sweep.exit[cell]}`, cell]));
  const cellAt = (column, row) => places.get(`${entries[column]}|${exits[row]}`);
  const values = sweep.figures[asked.figure];
  const finite = values.filter((value) => value !== null);
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  const canvas = make("canvas", { "aria-hidden": "true" });
  const words = make("p", { class: "hint", role: "status" });
  const box = make("div", { class: "heat", tabindex: "0", role: "application", "aria-label": `${asked.title}; arrow keys choose a cell, Enter draws its equity` }, canvas);
  let chosen = sweep.best.cell >= 0 ? sweep.best.cell : 0;
  let [column, row] = [entries.indexOf(sweep.entry[chosen]), exits.indexOf(sweep.exit[chosen])];
  let size = { width: 0, height: 0, step: 1, rise: 1 };

  function describe() {
    const cell = cellAt(column, row);
    const reason = sweep.cell_reasons[sweep.cell_reason[cell]] || "it has no figures";
    const said = values[cell] === null ? reason : `${asked.name} ${asked.format(values[cell])}`;
    words.textContent = `entry ${number(entries[column])}, exit ${number(exits[row])}: ${said}`;
  }

  function mark(context, cell, dash, width) {
    if (cell < 0) return;
    const x = LEFT + entries.indexOf(sweep.entry[cell]) * size.step;
    const y = TOP + (exits.length - 1 - exits.indexOf(sweep.exit[cell])) * size.rise;
    for (const [stroke, extra] of [["#fff", width + 2], ["#d4145a", width]]) {
      context.strokeStyle = stroke;
      context.lineWidth = extra;
      context.setLineDash(dash);
      context.strokeRect(x + 1.5, y + 1.5, size.step - 3, size.rise - 3);
    }
    context.setLineDash([]);
  }

  function labels(context) {
    context.fillStyle = colour("faint");
    context.font = "12px system-ui";
    context.textAlign = "center";
    const every = Math.max(1, Math.ceil((entries.length * 34) / (size.width - LEFT)));
    entries.forEach((entry, i) => i % every === 0 && context.fillText(number(entry, 3), LEFT + (i + 0.5) * size.step, size.height - BOTTOM + 16));
    context.fillText("entry, deviations", LEFT + (size.width - LEFT) / 2, size.height - 6);
    context.textAlign = "right";
    const each = Math.max(1, Math.ceil((exits.length * 15) / (size.height - BOTTOM - TOP)));
    exits.forEach((exit, i) => i % each === 0 && context.fillText(number(exit, 3), LEFT - 6, TOP + (exits.length - i - 0.5) * size.rise + 4));
    context.save();
    context.translate(12, TOP + (size.height - BOTTOM - TOP) / 2);
    context.rotate(-Math.PI / 2);
    context.textAlign = "center";
    context.fillText("exit, deviations", 0, 0);
    context.restore();
  }

  function draw() {
    if (!box.isConnected) return;
    const width = Math.max(240, box.clientWidth);
    const height = Math.min(420, Math.max(220, Math.round(width * 0.5)));
    const ratio = window.devicePixelRatio || 1;
    Object.assign(canvas, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
    canvas.style.height = `${height}px`;
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    size = { width, height, step: (width - LEFT - 2) / entries.length, rise: (height - BOTTOM - TOP) / exits.length };
    for (let i = 0; i < entries.length; i += 1) {
      for (let j = 0; j < exits.length; j += 1) {
        const value = values[cellAt(i, j)] ?? null;
        const [x, y] = [LEFT + i * size.step, TOP + (exits.length - 1 - j) * size.rise];
        context.fillStyle = value === null ? colour("hair") : `rgb(${ramp(high > low ? (value - low) / (high - low) : 0.5).join(" ")})`;
        context.fillRect(x, y, Math.ceil(size.step), Math.ceil(size.rise));
      }
    }
    labels(context);
    mark(context, sweep.best.plateau_cell, [4, 3], 2);
    mark(context, sweep.best.cell, [], 2);
    const [x, y] = [LEFT + column * size.step, TOP + (exits.length - 1 - row) * size.rise];
    context.strokeStyle = colour("ink");
    context.lineWidth = 2;
    context.strokeRect(x, y, size.step, size.rise);
  }

  function move(toColumn, toRow) {
    column = Math.min(entries.length - 1, Math.max(0, toColumn));
    row = Math.min(exits.length - 1, Math.max(0, toRow));
    describe();
    draw();
  }

  const choose = () => asked.choose(cellAt(column, row));
  const pointed = (event) => {
    const edge = canvas.getBoundingClientRect();
    const x = Math.floor((event.clientX - edge.left - LEFT) / size.step);
    const y = exits.length - 1 - Math.floor((event.clientY - edge.top - TOP) / size.rise);
    return x >= 0 && x < entries.length && y >= 0 && y < exits.length ? [x, y] : null;
  };
  canvas.addEventListener("click", (event) => {
    const place = pointed(event);
    if (place) {
      move(...place);
      choose();
    }
  });
  box.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (step) move(column + step[0], row + step[1]);
    else if (event.key === "Enter" || event.key === " ") choose();
    else return;
    event.preventDefault();
  });
  all.clear();
  all.add(draw);
  new ResizeObserver(draw).observe(box);
  describe();

  const scale = make("div", { class: "scale" }, number(low), make("span", { class: "ramp", role: "img", "aria-label": "colours from low to high" }), number(high),
    make("span", {}, "· solid frame: best Sharpe ratio · dashed frame: best plateau of 3 × 3 cells · grey: no figures"));
  const table = () => grid(asked.title, ["exit \\ entry", ...entries.map((entry) => number(entry, 3))],
    [...exits].reverse().map((exit) => [number(exit, 3), ...entries.map((entry) => asked.format(values[places.get(`${entry}|${exit}`)] ?? null))]));
  return figure(asked.title, make("div", {}, box, scale, words), table);
}
