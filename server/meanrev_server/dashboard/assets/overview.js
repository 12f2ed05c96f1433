// The overview: one sample a second, with those of the last five minutes.

import { ask, ended, follow } from "./api.js";
import { bars, chart } from "./charts.js";
import { at, bytes, clock, duration, list, number, tile } from "./dom.js";

const MOST = 300;
const MOST_ERRORS = 15;
const SIZES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096];

const time = (seconds) => new Date(1000 * seconds).toLocaleTimeString("en-GB");
const milliseconds = (value) => (value === null || value === undefined ? "–" : `${number(value, 3)} ms`);

export function overview() {
  let samples = [];
  let about = null;
  let stop = null;
  const common = { clock: true, x: "time", across: time };
  const charts = {
    calls: chart({ ...common, title: "Calls a second", lines: [{ name: "calls a second", colour: "first", fill: true }] }),
    times: chart({
      ...common, title: "Time of unary calls, of the last 10 s", right: true,
      lines: [{ name: "median (left axis)", colour: "first", format: milliseconds }, { name: "99th percentile (right axis)", colour: "second", scale: "right", format: milliseconds }],
    }),
    queue: chart({ ...common, title: "Queue and compute threads", lines: [{ name: "waiting", colour: "second" }, { name: "computing", colour: "first" }, { name: "calls in flight", colour: "third" }] }),
    memory: chart({ ...common, title: "Memory", incrs: SIZES.flatMap((size) => [size * 2 ** 20, size * 2 ** 30]).sort((a, b) => a - b), lines: [{ name: "server and workers", colour: "first", format: bytes }, { name: "kept matrices", colour: "third", format: bytes }] }),
    batches: chart({ title: "Batch sizes, of the last five minutes", x: "size up to", categories: SIZES.map(String), across: (place) => String(SIZES[place]), lines: [{ name: "batches", colour: "first", fill: true, paths: (...of) => bars()(...of) }], scales: { x: { time: false, range: [-0.7, SIZES.length - 0.3] }, y: { range: (_, __, high) => [0, Math.max(1, high * 1.1)] } } }),
  };
  at("overview-charts").append(...Object.values(charts));

  function draw(errors) {
    const last = samples.at(-1);
    if (last) {
      const x = samples.map((sample) => sample.t);
      const of = (name) => samples.map((sample) => sample[name]);
      charts.calls.set([x, of("calls_per_s")]);
      charts.times.set([x, of("p50_ms"), of("p99_ms")]);
      charts.queue.set([x, of("queue"), of("busy"), of("in_flight")]);
      charts.memory.set([x, of("memory_bytes"), of("matrices_bytes")]);
      charts.batches.set([SIZES.map((_, place) => place), sizes()]);
    }
    tiles(last);
    at("overview-errors").replaceChildren(list([
      { name: "Time", of: (error) => clock(1000 * error.t) },
      { name: "Method", of: (error) => error.method },
      { name: "Status", of: (error) => error.code },
      { name: "Reason", of: (error) => error.reason },
      { name: "After", number: true, of: (error) => milliseconds(error.ms) },
    ], [...errors].reverse().slice(0, MOST_ERRORS), "No call has failed since the server started."));
  }

  function sizes() {
    const found = SIZES.map(() => 0);
    for (const { batches } of samples) {
      for (const [size, count] of Object.entries(batches)) found[SIZES.findIndex((most) => Number(size) <= most)] += count;
    }
    return found.map((count) => count || null);
  }

  function tiles(last) {
    const shown = [];
    if (about) {
      shown.push(tile("Device", about.device, `${about.backend}, ${about.cpus} CPUs`, true));
      shown.push(tile("Version", about.version, `up ${duration(about.uptime_s)}`));
    }
    if (last) {
      const jobs = Object.entries(last.jobs).map(([status, count]) => `${count} ${status}`).join(", ");
      for (const gpu of last.gpus) shown.push(tile(`GPU ${gpu.number}`, bytes(gpu.memory_used), `of ${bytes(gpu.memory_total)}, ${number(100 * gpu.utilisation, 3)} % busy`));
      shown.push(
        tile("Memory", bytes(last.memory_bytes), `${bytes(last.matrices_bytes)} of kept matrices`),
        tile("Calls", `${number(last.calls_per_s, 3)} /s`, `${last.in_flight} in flight`),
        tile("Median", milliseconds(last.p50_ms), "unary calls, 10 s"),
        tile("99th percentile", milliseconds(last.p99_ms), "unary calls, 10 s"),
        tile("Queue", number(last.queue), `${last.busy} of ${last.threads} threads compute`),
        tile("Jobs", number(Object.values(last.jobs).reduce((sum, count) => sum + count, 0)), jobs || "none"),
      );
    }
    at("overview-tiles").replaceChildren(...shown);
  }

  function take(event, content) {
    samples = event === "history" ? content.samples : [...samples, content.sample].slice(-MOST);
    draw(content.errors);
  }

  async function run(signal, notice) {
    while (!signal.aborted) {
      try {
        about = await ask("about", undefined, signal);
        notice("");
        await follow("samples", undefined, take, signal);
      } catch (error) {
        if (ended(error) || error.status === 401) return;
        notice(`The samples have stopped: ${error.message}. The page tries again every two seconds.`);
      }
      await new Promise((resolve) => { setTimeout(resolve, 2000); });
    }
  }

  return {
    open(notice) {
      stop = new AbortController();
      run(stop.signal, notice);
    },
    close() {
      stop?.abort();
    },
  };
}
