// What kernel.js computes, against what Python wrote to the folder CASES; run by test_kernel.py.
import assert from "node:assert/strict";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import * as kernel from "./kernel.js";

const folder = process.env.CASES ?? "";
const cases = await Promise.all(readdirSync(folder).filter((name) => name !== "answer.json").map(async (name) => {
  const { payload, ...rest } = JSON.parse(readFileSync(join(folder, name), "utf8"));
  return { name, data: await kernel.unpack(payload), ...rest };
}));
const answer = (value) => writeFileSync(join(folder, "answer.json"), JSON.stringify(value));
const close = (one, other, tolerance, words) => {
  assert.equal(one.length, other.length);
  const far = Array.from(one, (value, i) => Math.abs(value - other[i]));
  far.forEach((error, i) => {
    const alike = error <= tolerance || (Number.isNaN(one[i]) && (other[i] === null || Number.isNaN(other[i])));
    assert.ok(alike, `${words} ${i}: ${one[i]} is not ${other[i]}`);
  });
};

test("edits", () => {
  let largest = 0;
  for (const { name, data, edits } of cases) {
    const network = new kernel.Network(data), nClasses = data.class_names.length;
    for (const { state, scores } of edits) {
      const found = network.apply(kernel.stateOf(state)), size = Math.max(...scores.map(Math.abs));
      found.scores.forEach((score, i) => (largest = Math.max(largest, Math.abs(score - scores[i]) / size)));
      close(found.scores, scores, 1e-4 * size, `${name} ${JSON.stringify(state)} score`);
      found.predicted.forEach((chosen, n) => {
        const of = scores.slice(n * nClasses, (n + 1) * nClasses);
        assert.ok(Math.max(...of) - of[chosen] < 1e-5 * size, `${name} ${JSON.stringify(state)} trial ${n}`);
      });
      const added = network.filterScores(), bias = data.arrays.head_bias.values, nFilters = network.nFilters;
      found.scores.forEach((score, i) => {
        const sum = added.subarray(i * nFilters, (i + 1) * nFilters).reduce((a, b) => a + b, bias[i % nClasses]);
        assert.ok(Math.abs(sum - score) < 1e-9 * Math.max(1, size));
      });
    }
  }
  answer({ largest });
});

test("undone", () => {
  for (const { data, edits } of cases) {
    const network = new kernel.Network(data), before = network.apply(kernel.noEdits());
    assert.deepEqual(before.changed, []);
    for (const { state } of edits) {
      const found = network.apply(kernel.stateOf(state));
      const differ = Array.from(found.predicted.keys()).filter((n) => found.predicted[n] !== before.predicted[n]);
      assert.deepEqual(found.changed, differ);
      const again = network.apply(kernel.noEdits());
      assert.deepEqual(again.scores, before.scores);
      assert.deepEqual(again.changed, []);
    }
  }
});

test("accuracy", () => {
  for (const { data, accuracy, confusion, interval } of cases) {
    const found = new kernel.Network(data).apply(kernel.noEdits());
    if (accuracy === null) {
      assert.equal(found.accuracy, null);
      assert.equal(found.confusion, null);
    } else {
      close([found.accuracy, found.ci_low, found.ci_high], [accuracy, ...interval], 1e-12, "accuracy");
      assert.deepEqual(Array.from(found.confusion), confusion.flat());
    }
  }
});

test("sums", () => {
  for (const { data, brushes, chosen, map } of cases) {
    const size = (/** @type {number[]} */ sums) => 1e-5 * Math.max(1, ...sums.map(Math.abs));
    for (const { target, low_hz, high_hz, channels, trials } of brushes) {
      close(kernel.sumOverRanges(data, target, kernel.chosenIn(data, [low_hz, high_hz], null)), channels, size(channels), "channel");
      close(kernel.trialsIn(data, target, low_hz, high_hz), trials, size(trials), "trial");
    }
    for (const { target, channels, sums } of chosen) {
      close(kernel.sumOverChannels(data.arrays.relevance, target, channels), sums, size(sums), "bin");
    }
    if (map) close(kernel.scalp(data, map.values), map.pixels, 2e-3, "pixel");
  }
});

test("relevance in python", () => {
  answer(cases.flatMap(({ data, brushes }) => brushes.map(({ range_hz, range_s }) => {
    const chosen = kernel.chosenIn(data, range_hz, range_s);
    const sums = data.targets.map((_, target) => Array.from(kernel.sumOverRanges(data, target, chosen)));
    const line = kernel.asPython(data, kernel.noEdits(), chosen).split("\n").find((one) => one.includes(".sel("));
    return { sums, python: line.slice("print(".length, line.lastIndexOf(")  #")) };
  })));
});

test("courses", () => {
  for (const { data, target, channels, sums } of cases) {
    const found = kernel.sumOverChannels(data.arrays.temporal_relevance, target, channels);
    close(found, sums, 1e-5 * Math.max(1, ...sums.map(Math.abs)), "window");
  }
});

test("responses", () => {
  for (const { data, responses } of cases) {
    const network = new kernel.Network(data);
    for (const { low_hz, high_hz, db } of responses) {
      const found = network.response_db(0, low_hz, high_hz);
      found.forEach((value, i) => assert.ok(Math.abs(10 ** (value / 20) - 10 ** (db[i] / 20)) < 1e-3, `${low_hz} ${i}`));
    }
  }
});

test("python", () => {
  answer(cases.map(({ data, edits }) => edits.map(({ state }) => kernel.asPython(data, kernel.stateOf(state)))).flat());
});

test("views", () => {
  const views = [{}, { filter: 3, name: "µ <b>\u202e</b> 🧠", edits: { cutoffs: [[1, 2.5, 8]], mutedBands: [0] } }];
  for (const view of views) {
    const text = kernel.encodeState(view);
    assert.match(text, /^[\w-]*$/);
    assert.deepEqual(kernel.decodeState(text), view);
  }
  const { cutoffs, mutedBands } = kernel.stateOf(views[1].edits);
  assert.deepEqual([[...cutoffs], [...mutedBands]], [[[1, [2.5, 8]]], [0]]);
  const of = (value) => kernel.encodeState(value);
  for (const rubbish of [
    "", "%", "AAAA", "\u{1f9e0}", of(null), of([]), of(3), of("x"), of({ edits: 3, x: { mutedBands: 1 } }).slice(3),
    of({ edits: { mutedFilters: [-1] } }), of({ edits: { mutedFilters: "all" } }), of({ edits: { cutoffs: [[0, 9, 8]] } }),
    of({ edits: { cutoffs: 5 } }), of({ edits: { cutoffs: [[0, "a", "b"]] } }), of({ edits: { mutedBands: [0.5] } }),
  ]) assert.equal(kernel.decodeState(rubbish), null, rubbish);
});
