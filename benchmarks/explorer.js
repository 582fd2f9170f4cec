// The part of explorer.py that runs in Node.js: node explorer.js FOLDER, which holds kernel.js, payload.json, edits.json.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const folder = process.argv[2];
const { Network, noEdits, stateOf, unpack } = await import(join(folder, "kernel.js"));
const read = (name) => JSON.parse(readFileSync(join(folder, name), "utf8"));
const times = {};
const timed = async (what, run) => {
  const start = process.cpuUsage(), from = performance.now();
  const result = await run();
  const { user, system } = process.cpuUsage(start);
  (times[what] ??= []).push([performance.now() - from, (user + system) / 1000]);
  return result;
};
const payload = read("payload.json");
const data = await timed("unpack", () => unpack(payload));
const network = await timed("network", () => new Network(data));
for (let i = 0; i < 6; i++) {
  await timed("mute a filter", () => network.apply({ ...noEdits(), mutedFilters: new Set([i]) }));
  await timed("mute a band", () => network.apply({ ...noEdits(), mutedBands: new Set([i]) }));
  network.apply(noEdits());
  await timed("mute a channel", () => network.apply({ ...noEdits(), mutedChannels: new Set([i]) }));
  network.apply(noEdits());
}
const scores = [];
for (const edit of read("edits.json")) scores.push(Array.from((await timed("move a cut-off", () => network.apply(stateOf(edit)))).scores));
writeFileSync(join(folder, "answer.json"), JSON.stringify({ times, scores }));
