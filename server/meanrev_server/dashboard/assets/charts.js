// Line and bar charts by uPlot, in the colours of the theme, with the cursor on the keyboard too.

import { figure, grid, make, number } from "./dom.js";

const HEIGHT = 210;
const MOST_ROWS = 200;
const DAY_S = 86400;
const drawn = new Map();

export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

// The theme has changed: charts ask for their colours when they are drawn.
export function recolour() {
  for (const [host, chart] of drawn) {
    if (host.isConnected) chart.redraw(false, true);
    else drawn.delete(host);
  }
}

const resized = new ResizeObserver((entries) => {
  for (const { target, contentRect } of entries) {
    const chart = drawn.get(target);
    const width = Math.floor(contentRect.width);
    if (chart && width > 0 && width !== chart.width) chart.setSize({ width, height: HEIGHT });
  }
});

function axis(extra) {
  const line = () => colour("hair");
  return { stroke: () => colour("faint"), grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 }, font: "12px system-ui", ...extra };
}

// Times of day, or as much of a date as the span of the axis needs; dates are those of UTC.
const clocks = (_, splits) => splits.map((seconds) => new Date(1000 * seconds).toLocaleTimeString("en-GB"));
function dates(plot, splits) {
  const days = (plot.scales.x.max - plot.scales.x.min) / DAY_S;
  return splits.map((seconds) => new Date(1000 * seconds).toISOString().slice(0, days > 1500 ? 4 : days > 100 ? 7 : 10));
}

// One series of a chart: {name, colour, scale, dash, fill, format}.
function series(each) {
  return {
    label: each.name,
    scale: each.scale ?? "y",
    stroke: () => colour(each.colour),
    fill: each.fill ? () => `${colour(each.colour)}22` : undefined,
    width: each.width ?? 1.5,
    dash: each.dash,
    points: { show: (plot) => plot.data[0].length < 3 },
    paths: each.paths,
    value: (_, value) => (each.format ?? number)(value),
    spanGaps: false,
  };
}

// A chart as a figure. asked: {title, lines, dates, x, across, right, bands}; set(data) draws [x, ...series].
export function chart(asked) {
  const host = make("div", { class: "plot", tabindex: "0", role: "img", "aria-label": `${asked.title}; arrow keys move the cursor` });
  let data = [[], ...asked.lines.map(() => [])];
  const across = asked.across ?? (asked.dates ? (seconds) => new Date(1000 * seconds).toISOString().slice(0, 10) : (value) => number(value));
  const rows = () => {
    const step = Math.max(1, Math.ceil(data[0].length / MOST_ROWS));
    return data[0].map((_, row) => row).filter((row) => row % step === 0 || row === data[0].length - 1)
      .map((row) => [across(data[0][row]), ...asked.lines.map((line, place) => (line.format ?? number)(data[place + 1][row]))]);
  };
  const shown = figure(asked.title, host, () => grid(asked.title, [asked.x ?? "", ...asked.lines.map((line) => line.name)], rows()));
  let plot = null;

  // Where the cursor is elsewhere, the legend shows the newest values.
  function newest(drawing) {
    if (drawing.cursor.idx === null || drawing.cursor.idx === undefined) drawing.setLegend({ idx: data[0].length - 1 }, false);
  }
  const labels = () => {
    if (asked.categories) return (_, places) => places.map((place) => asked.categories[place] ?? "");
    return asked.clock ? clocks : asked.dates ? dates : undefined;
  };
  const options = () => ({
    width: Math.max(200, Math.floor(host.clientWidth) || 300),
    height: HEIGHT,
    tzDate: asked.dates ? (seconds) => uPlot.tzDate(new Date(1000 * seconds), "Etc/UTC") : undefined,
    scales: { x: { time: Boolean(asked.dates || asked.clock) }, ...asked.scales },
    axes: [
      axis({ values: labels(), space: asked.clock || asked.dates ? 80 : 45, size: 34 }),
      axis({ scale: "y", size: 66, incrs: asked.incrs, values: (_, values) => values.map((value) => (asked.lines[0].format ?? number)(value)) }),
      ...(asked.right ? [axis({ scale: "right", side: 1, size: 62, grid: { show: false }, values: (_, values) => values.map(asked.lines.find((line) => line.scale === "right").format ?? ((value) => number(value))) })] : []),
    ],
    series: [{ label: asked.x ?? "", value: (_, value) => (value === null ? "–" : across(value)) }, ...asked.lines.map(series)],
    legend: { live: true },
    cursor: { drag: { setScale: !asked.categories, x: true, y: false } },
    hooks: { ready: [newest], draw: (asked.levels ?? []).length ? [(u) => levels(u, asked.levels)] : [] },
  });

  shown.set = (next) => {
    data = next;
    if (plot === null) {
      plot = new uPlot(options(), data, host);
      drawn.set(host, plot);
      resized.observe(host);
    } else {
      plot.setData(data);
    }
    if (plot.status) newest(plot);
    shown.refill();
  };
  host.addEventListener("mouseleave", () => plot && newest(plot));
  host.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || plot === null || !data[0].length) return;
    event.preventDefault();
    const place = Math.min(data[0].length - 1, Math.max(0, (plot.cursor.idx ?? data[0].length) + step * (event.shiftKey ? 10 : 1)));
    plot.setCursor({ left: plot.valToPos(data[0][place], "x"), top: plot.over.clientHeight / 2 });
  });
  return shown;
}

// Dashed horizontal lines, such as the levels at which a spread is traded.
function levels(plot, asked) {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.setLineDash([6, 4]);
  for (const { at, colour: name } of asked) {
    const y = Math.round(plot.valToPos(at, "y", true));
    if (y < bbox.top || y > bbox.top + bbox.height) continue;
    ctx.strokeStyle = colour(name);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
  }
  ctx.restore();
}

export const bars = () => uPlot.paths.bars({ size: [0.7, 60] });

// The horizontal axis of an account: dates where its bars have times, and their numbers where they have none.
export function bearings(account) {
  const dates = account.times_ms !== null;
  return { dates, x: dates ? "date" : "bar", across: account.bars, values: dates ? account.times_ms.map((ms) => ms / 1000) : account.bars };
}
