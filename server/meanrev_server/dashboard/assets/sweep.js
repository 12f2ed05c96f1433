// The sweep explorer: a form, a heatmap, and the equity of the cell that is chosen.

import { ask, ended, follow } from "./api.js";
import { bearings, chart } from "./charts.js";
import { at, complain, make, number, percent, tile, values } from "./dom.js";
import { heatmap } from "./heatmap.js";
import { chooser } from "./lists.js";

const FIGURES = {
  sharpe_ratio: ["Sharpe ratio", (value) => number(value, 3)],
  cumulative_return: ["Return", percent],
  max_drawdown: ["Largest drawdown", percent],
  num_trades: ["Trades", (value) => number(value)],
};

export function account(found, title) {
  const { dates, x, values: across } = bearings(found);
  const equity = chart({ title: `${title}: equity, of a capital of 1`, dates, x, lines: [{ name: "equity", colour: "first" }] });
  const drawdown = chart({ title: "Drawdown", dates, x, lines: [{ name: "drawdown", colour: "second", fill: true, format: percent }] });
  const draw = () => {
    equity.set([across, found.series.equity]);
    drawdown.set([across, found.series.drawdown]);
  };
  return { figures: [equity, drawdown], draw };
}

export function results(figures) {
  const interval = figures.sharpe_std_error === null ? "" : `± ${number(1.96 * figures.sharpe_std_error, 3)}, 95 %`;
  return make("dl", { class: "tiles" },
    tile("Sharpe ratio", number(figures.sharpe_ratio, 3), interval),
    tile("Return", percent(figures.total_return)),
    tile("Largest drawdown", percent(figures.max_drawdown)),
    tile("Trades", number(figures.num_trades), figures.win_rate === null ? "" : `${percent(figures.win_rate)} won`),
    tile("Costs paid", number(figures.total_costs, 3), "of a capital of 1"),
    tile("Time in the market", percent(figures.exposure)));
}

export function partly(found) {
  const text = found.bars.length < found.n_bars ? `${number(found.bars.length)} of ${number(found.n_bars)} bars are drawn: the extremes of equal spans.` : "";
  return text ? make("p", { class: "hint" }, text) : null;
}

export function sweep() {
  const form = at("sweep-form");
  const choice = at("sweep-figure");
  const progress = form.querySelector("progress");
  let swept = null;
  let asked = null;
  let running = null;
  let notice = () => {};
  const refresh = chooser(form, at("sweep-columns"), (text) => notice(text), ["column"]);
  choice.append(...Object.entries(FIGURES).map(([name, [label]]) => make("option", { value: name }, label)));
  choice.addEventListener("change", draw);

  function draw() {
    const [label, format] = FIGURES[choice.value];
    const title = `${label} of ${swept.column} by threshold`;
    at("sweep-heatmap").replaceChildren(heatmap({ title, name: label, sweep: swept, figure: choice.value, format, choose: equity }));
  }

  function best() {
    const found = swept.best;
    if (found.status !== "ok") return make("p", { class: "error" }, `${swept.column} has no figures: ${found.reason}`);
    const levels = (cell) => `entry ${number(swept.entry[cell])}, exit ${number(swept.exit[cell])}`;
    return make("div", {}, make("dl", { class: "tiles" },
      tile("Best cell", number(found.value, 3), levels(found.cell)),
      tile("Best plateau", found.plateau_cell < 0 ? "–" : number(found.plateau_value, 3), found.plateau_cell < 0 ? "" : levels(found.plateau_cell)),
      tile("After the search", percent(found.deflated_sharpe), `deflated Sharpe ratio, ${swept.n_cells} cells tried`),
      tile("Standard error", number(found.sharpe_std_error, 3), `${number(found.n_bars)} bars`)),
    make("p", { class: "caveat" }, "All cells are in sample: the best of many tries looks better than it is. The deflated Sharpe ratio is the probability that it is above what so many tries reach by chance."),
    found.note ? make("p", { class: "caveat" }, found.note) : null);
  }

  async function equity(cell) {
    const rule = { ...asked, entry: swept.entry[cell], exit: swept.exit[cell] };
    const place = at("sweep-equity");
    try {
      const found = await ask("equity", rule);
      const name = `Entry ${number(rule.entry)}, exit ${number(rule.exit)}`;
      if (found.status !== "ok") throw new Error(`${rule.column} has no account: ${found.reason}`);
      const drawn = account(found, name);
      place.replaceChildren(make("h3", {}, name), results(found.figures), make("div", { class: "charts" }, ...drawn.figures), ...[partly(found)].filter(Boolean));
      drawn.draw();
    } catch (error) {
      place.replaceChildren(make("p", { class: "error" }, error.message));
    }
  }

  function take(event, content) {
    if (event === "progress") {
      Object.assign(progress, { hidden: false, max: content.total || 1, value: content.done });
      return;
    }
    swept = content;
    at("sweep-result").hidden = false;
    at("sweep-best").replaceChildren(best());
    at("sweep-equity").replaceChildren();
    draw();
    if (swept.best.cell >= 0) equity(swept.best.cell);
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    running?.abort();
    running = new AbortController();
    asked = values(form);
    complain(form, null);
    progress.hidden = false;
    progress.removeAttribute("value");
    try {
      await follow("sweep", asked, take, running.signal);
    } catch (error) {
      if (!ended(error)) complain(form, error);
    }
    progress.hidden = true;
  });

  return {
    open(say) {
      notice = say;
      refresh();
    },
    close() {
      running?.abort();
    },
  };
}
