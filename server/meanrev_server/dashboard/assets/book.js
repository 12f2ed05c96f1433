// The book: the health of a stored portfolio, once a second.

import { ended, follow } from "./api.js";
import { chart } from "./charts.js";
import { at, clock, complain, make, number, percent, tile, values } from "./dom.js";

const MOST = 3600;
const time = (seconds) => new Date(1000 * seconds).toLocaleTimeString("en-GB");
const colours = { healthy: "good", warning: "warn", risk: "bad" };

export function book() {
  const form = at("book-form");
  const stop = at("book-stop");
  const common = { clock: true, x: "time", across: time };
  const value = chart({ ...common, title: "Value", lines: [{ name: "value", colour: "first" }] });
  const drawdown = chart({ ...common, title: "Largest drawdown", lines: [{ name: "drawdown", colour: "second", fill: true, format: percent }] });
  at("book-charts").append(value, drawdown);
  let reports = [];
  let running = null;

  function take(_, report) {
    reports = [...reports, report].slice(-MOST);
    at("book-result").hidden = false;
    const x = reports.map((each) => each.timestamp_ms / 1000);
    value.set([x, reports.map((each) => each.total_value)]);
    drawdown.set([x, reports.map((each) => each.max_drawdown)]);
    at("book-tiles").replaceChildren(
      tile("Status", make("span", { class: colours[report.status] }, report.status), clock(report.timestamp_ms)),
      tile("Value", number(report.total_value, 6)),
      tile("Return of the day", percent(report.daily_return)),
      tile("Volatility, 24 h", percent(report.volatility_24h)),
      tile("Largest drawdown", percent(report.max_drawdown)),
      tile("Open positions", number(report.open_positions)));
    const alerts = report.alerts.length ? report.alerts : ["none"];
    const shown = at("book-alerts");
    if (shown.dataset.shown !== JSON.stringify(alerts)) {
      shown.dataset.shown = JSON.stringify(alerts);
      shown.replaceChildren(...alerts.map((text) => make("li", {}, text)));
    }
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    running?.abort();
    const mine = new AbortController();
    running = mine;
    reports = [];
    complain(form, null);
    stop.disabled = false;
    try {
      await follow("book", values(form), take, mine.signal);
    } catch (error) {
      if (!ended(error)) complain(form, error);
    }
    if (running === mine) stop.disabled = true;
  });
  stop.addEventListener("click", () => running?.abort());

  return { open() {}, close: () => running?.abort() };
}
