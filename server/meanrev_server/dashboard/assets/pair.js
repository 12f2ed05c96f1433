// The pair page: prices, spread, fit, and the account of its trades.

import { ask, ended } from "./api.js";
import { bearings, chart } from "./charts.js";
import { at, complain, make, number, tile, values } from "./dom.js";
import { chooser } from "./lists.js";
import { account, partly, results } from "./sweep.js";

const interval = (low, high) => (low === null || high === null ? "no interval" : `95 %: ${number(low, 3)} to ${number(high, 3)}`);
const about = (value, error) => (value === null || error === null ? "no interval" : `95 %: ${number(value - 1.96 * error, 3)} to ${number(value + 1.96 * error, 3)}`);

function fit(found) {
  const { pair: fitted, process } = found;
  return make("dl", { class: "tiles" },
    tile("Hedge ratio", number(fitted.hedge_ratio), interval(fitted.hedge_ratio_lower, fitted.hedge_ratio_upper)),
    tile("Half-life, bars", number(process.half_life), interval(process.half_life_lower, process.half_life_upper)),
    tile("theta, per bar", number(process.theta), about(process.theta, process.theta_std_error)),
    tile("Mean of the spread", number(process.mu), about(process.mu, process.mu_std_error)),
    tile("sigma, per √bar", number(process.sigma), about(process.sigma, process.sigma_std_error)),
    tile("Cointegration", `p = ${number(fitted.p_value, 3)}`, `Dickey-Fuller ${number(fitted.adf_statistic, 3)}`),
    tile("Entry and exit", fitted.entry_zscore === null ? "–" : `${number(fitted.entry_zscore, 3)}, ${number(fitted.exit_zscore, 3)}`, "deviations"));
}

function notes(found) {
  const said = [];
  const { pair: fitted, n_left_out: left, n_fitted: count } = found;
  if (fitted.status !== "traded") said.push(`The pair is not traded: ${fitted.reason}`);
  if (fitted.note) said.push(fitted.note);
  if (found.in_sample) said.push("In sample: the fit and the trades use the same bars, so the account flatters the rule.");
  else said.push(`The first ${number(count)} bars are fitted; the account trades those behind them.`);
  if (left) said.push(`${number(left)} bars without both prices are left out.`);
  return said.map((text) => make("p", { class: "caveat" }, text));
}

function drawn(found, names) {
  const bars = found.account;
  const { dates, x, values: across } = bearings(bars);
  const prices = chart({
    title: `Prices of ${names.y} and ${names.x}`, dates, x, right: true,
    lines: [{ name: "y (left axis)", colour: "first" }, { name: "x (right axis)", colour: "second", scale: "right" }],
  });
  const { entry_zscore: entry, exit_zscore: exit } = found.pair;
  const levels = entry === null ? [] : [entry, -entry].map((at) => ({ at, colour: "bad" })).concat([exit, -exit].map((at) => ({ at, colour: "good" })));
  const z = chart({ title: "Spread, in deviations from its mean; dashed: entry and exit levels", dates, x, levels, lines: [{ name: "z", colour: "first" }] });
  const traded = bars.figures ? account(bars, "Trades of the spread") : { figures: [], draw() {} };
  const place = make("div", { class: "charts" }, prices, z, ...traded.figures);
  return {
    place,
    draw() {
      prices.set([across, bars.series.y, bars.series.x]);
      z.set([across, bars.series.z]);
      traded.draw();
    },
  };
}

export function pair() {
  const form = at("pair-form");
  const button = form.querySelector("button");
  let running = null;
  let notice = () => {};
  const refresh = chooser(form, at("pair-columns"), (text) => notice(text), ["y", "x"]);

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    running?.abort();
    running = new AbortController();
    complain(form, null);
    button.disabled = true;
    try {
      const asked = values(form);
      const found = await ask("pair", asked, running.signal);
      const charts = drawn(found, asked);
      const place = at("pair-result");
      place.hidden = false;
      place.replaceChildren(...[make("h3", {}, `${asked.y} on ${asked.x}`), fit(found), ...notes(found), found.account.figures ? results(found.account.figures) : null, charts.place, partly(found.account)].filter(Boolean));
      charts.draw();
    } catch (error) {
      if (!ended(error)) complain(form, error);
    }
    button.disabled = false;
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
