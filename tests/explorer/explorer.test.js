import assert from "node:assert/strict";
import { test } from "node:test";
import { NO_EDITS, checkedView, colour, firstView, inside, isEdited, measuredResult, misleading, numeral, ordered, part, rolesIn, sides, span, ticks, toggled, visible, withCutoffs } from "./explorer.js";

const values = (shape, ...numbers) => ({ shape, values: Float32Array.from(numbers) });
const data = {
  readable: true, can_recompute: true, can_edit_cutoffs: true, sfreq_hz: 100, class_names: ["left", "right"], ch_names: ["C3", "C4"], targets: ["left"], target_classes: [[0, 1]],
  bands: [{ name: "theta", words: "", ranges_hz: [[4, 8]] }, { name: "mu", words: "", ranges_hz: [[8, 13]] }, { name: "other", words: "", ranges_hz: [[0, 4]] }],
  filters: { number: [1, 2, 3], relevance_share: [null, 0.2, 0.7], importance: [3, 2, 1] }, history: null, findings: [],
  arrays: {
    code: values([3], 0, 1, 1), predicted: values([3], 0, 1, 0), scores: values([3, 2], 2, 1, 0, 1, 3, 1),
    band_relevance: values([1, 3, 2], 1, -1, 2, -3, 9, 9),
    trial_relevance: values([3, 1, 3, 2], 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 5, -1, 2, 7, 0, 0),
  },
};

test("numbers have few digits, a true minus and a dash where there is none", () => {
  assert.deepEqual([0, 1.234, -12.34, 1234.5, 0.00321, null, NaN, -Infinity].map(numeral), ["0.00", "1.23", "−12.3", "1235", "0.003", "–", "–", "–"]);
  assert.deepEqual([span(8, 13), span(30, null), span(null, null), span(7.26, 12)], ["8–13", "above 30", "–", "7.3–12"]);
});

test("invisible characters and changes of direction are shown as codes", () => {
  assert.equal(visible("C3\u202e\u0000\u200b µ é"), "C3\\u{202e}\\u{0}\\u{200b} µ é");
});

test("columns sort both ways, and what is absent comes last", () => {
  assert.deepEqual(ordered([2, null, 1, NaN, 3], false), [2, 0, 4, 1, 3]);
  assert.deepEqual(ordered([2, null, 1, NaN, 3], true), [4, 0, 2, 1, 3]);
  assert.deepEqual(ordered(["b", "a", "b"], true), [0, 2, 1]);
});

test("suppressors and redundant electrodes are those of the bands that a range reaches into", () => {
  const roles = { ...data, arrays: { band_role: values([1, 3, 2], 1, 2, 2, 0, 0, 0) } }, told = (...range) => rolesIn(roles, 0, ...range).map(one => [one.role, one.words]);
  const suppressor = "; suppressor (used, not informative by itself) in theta", redundant = "; redundant (informative by itself, not used) in ";
  assert.deepEqual(told(4, 8), [[1, suppressor], [2, `${redundant}theta`]]);
  assert.deepEqual(told(8, 13), [[2, `${redundant}mu`], [0, ""]]);
  assert.deepEqual(told(7, Infinity), [[1, `${suppressor}${redundant}mu`], [2, `${redundant}theta`]]);
  assert.deepEqual(told(0, -1), [[0, ""], [0, ""]]);
  assert.deepEqual(rolesIn(data, 0, 4, 8).map(one => one.role), [0, 0]);
});

test("parts, ticks and colours", () => {
  assert.deepEqual([...part(data.arrays.band_relevance, 0, 1)], [2, -3]);
  assert.deepEqual(ticks(-1, 1, 4), [-1, -0.5, 0, 0.5, 1]);
  assert.deepEqual(ticks(0, 30, 5), [0, 10, 20, 30]);
  assert.deepEqual(colour(-1), [0x00, 0x12, 0x61]);
  assert.deepEqual(colour(0), [0xec, 0xe5, 0xe0]);
  assert.deepEqual(colour(7), colour(1));
  assert.deepEqual(colour(NaN), colour(0));
});

test("a point lies in a closed way or beside it", () => {
  const square = [[0, 0], [4, 0], [4, 4], [0, 4]];
  assert.equal(inside(square, 1, 3), true);
  assert.equal(inside(square, 5, 3), false);
});

test("edits come and go without changing earlier ones", () => {
  const once = toggled(NO_EDITS, "mutedBands", 2), twice = toggled(toggled(once, "mutedBands", 1), "mutedBands", 2);
  assert.deepEqual([once.mutedBands, twice.mutedBands, NO_EDITS.mutedBands], [[2], [1], []]);
  assert.deepEqual([isEdited(once), isEdited(NO_EDITS)], [true, false]);
});

test("cut-offs stay apart, above zero and below half the sampling rate", () => {
  assert.deepEqual(withCutoffs(data, NO_EDITS, 1, -5, 0).cutoffs, [[1, 0.1, 0.6]]);
  assert.deepEqual(withCutoffs(data, NO_EDITS, 1, 70, 90).cutoffs, [[1, 49.5, 50]]);
  const two = withCutoffs(data, withCutoffs(data, NO_EDITS, 2, 8, 12), 0, 4, 6);
  assert.deepEqual(withCutoffs(data, two, 2, 9.123, 12).cutoffs, [[0, 4, 6], [2, 9.12, 12]]);
});

test("the first view shows the filter, the band and the trial that tell most", () => {
  const view = firstView(data);
  assert.deepEqual([view.filter, view.sort, view.range_hz, view.trial], [2, "relevance_share", [8, 13], 2]);
  assert.equal(firstView({ ...data, readable: false }).sort, "importance");
  const bare = firstView({ ...data, bands: [], filters: { number: [1], relevance_share: [null] }, arrays: {} });
  assert.deepEqual([bare.filter, bare.sort, bare.range_hz, bare.trial], [0, "number", null, null]);
});

test("a view from an address holds only what fits the data", () => {
  const good = { ...firstView(data), filter: 1, channels: [1], range_hz: [4, null], edits: { ...NO_EDITS, mutedFilters: [0], cutoffs: [[1, 9, 11]] } };
  assert.deepEqual(checkedView(data, good), good);
  const bad = { filter: 9, target: -1, trial: "0", epoch: 1e9, sort: 5, range_hz: [8, 2], channels: [7, "x", 1, 1], edits: { mutedBands: [99, 1, 1.5], mutedFilters: "all", cutoffs: [[0, NaN, 3], [8, 1, 2], null, [1, 5, 3]] } };
  assert.deepEqual(checkedView(data, bad), { ...firstView(data), channels: [1], edits: { ...NO_EDITS, mutedBands: [1], cutoffs: [[1, 5, 5.5]] } });
  for (const rubbish of [null, undefined, 3, "x", [], { edits: null }]) assert.deepEqual(checkedView(data, rubbish), firstView(data));
  assert.deepEqual(checkedView({ ...data, can_recompute: false }, good).edits, NO_EDITS);
});

test("a range of time is kept where there is one, beside frequencies only where both are known", () => {
  const brushed = arrays => { const view = checkedView({ ...data, arrays: { ...data.arrays, ...arrays } }, { range_hz: [4, 8], range_s: [0.5, null] }); return [view.range_hz, view.range_s]; };
  const over = { temporal_relevance: values([1, 2, 1], 1, 1) }, both = { ...over, time_frequency_relevance: values([1, 2, 1, 1], 1, 1) };
  assert.deepEqual([brushed({}), brushed(over), brushed(both)], [[[4, 8], null], [null, [0.5, null]], [[4, 8], [0.5, null]]]);
  for (const range_s of [[2, 1], [null, 1], "x", [1], [NaN, 2]]) assert.equal(checkedView({ ...data, arrays: { ...data.arrays, ...both } }, { range_s }).range_s, null);
});

test("what was measured gives the decisions without the network", () => {
  const { accuracy, confusion, changed } = measuredResult(data);
  assert.deepEqual([accuracy, [...confusion], changed], [2 / 3, [1, 0, 1, 1], []]);
  assert.equal(measuredResult({ ...data, arrays: {} }), null);
  assert.ok(Number.isNaN(measuredResult({ ...data, arrays: { ...data.arrays, code: undefined } }).accuracy));
});

test("a trial was misread for the cells that spoke for the wrong class", () => {
  assert.deepEqual(misleading(data, 2, 0).cells.map(cell => [cell.band, cell.channel, cell.value]), [[1, 1, 7], [0, 0, 5], [1, 0, 2]]);
  assert.deepEqual(misleading(data, 2, 0).bands[0], { band: 1, value: 9 });
  assert.deepEqual(misleading({ ...data, arrays: { ...data.arrays, code: values([3], 0, 1, 0) } }, 2, 1).cells.map(cell => cell.value), [1]);
  assert.deepEqual(sides({ ...data, target_classes: undefined }, 0), [0, null]);
});
