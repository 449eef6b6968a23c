/**
 * Draws the plots of the page. It runs in browsers, which this project has no types for, hence as text: `plots` is the
 * data and `uPlot` the library, both in the page before it.
 */
export const PAGE_SCRIPT = `
'use strict';
const dark = matchMedia('(prefers-color-scheme: dark)');
const LIGHT_LINES = ['#0b62a8', '#b5480b', '#0a7a53', '#8a3a84', '#6b6b6b'];
const DARK_LINES = ['#6cb6ff', '#f0a35e', '#5fd3a4', '#dd9bd8', '#b3b3b3'];
const DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3], []];
const UNITS = {
  percent: value => (value * 100).toFixed(value > 0.9 && value < 1 ? 1 : 0) + ' %',
  ms: value => value + ' ms',
  bytes: value => value >= 1e6 ? value / 1e6 + ' MB' : value >= 1e4 ? value / 1e3 + ' kB' : String(value),
  count: value => value >= 1e4 ? value / 1e3 + 'k' : String(value),
};
const EXACT = {
  percent: value => (value * 100).toFixed(2) + ' %',
  ms: value => value.toFixed(0) + ' ms',
  bytes: value => value.toFixed(0),
  count: value => String(Math.round(value * 100) / 100),
};
function show(unit, value) { return value == null ? '–' : EXACT[unit](value); }
function marksOf(plot, ink) {
  return { hooks: { draw: [chart => {
    const { ctx, bbox } = chart;
    ctx.save();
    ctx.strokeStyle = ink; ctx.setLineDash([3, 3]); ctx.lineWidth = devicePixelRatio;
    for (const { at } of plot.marks) {
      const x = Math.round(chart.valToPos(at, 'x', true));
      ctx.beginPath(); ctx.moveTo(x, bbox.top); ctx.lineTo(x, bbox.top + bbox.height); ctx.stroke();
    }
    ctx.restore();
  }] } };
}
function rangeOf(plot) {
  if (plot.unit !== 'percent') return (_chart, _least, most) => [0, most > 0 ? most * 1.08 : 1];
  return (_chart, least, most) => [Math.max(0, least - Math.max(0.002, (most - least) * 0.1)), Math.max(1, most) + 0.0005];
}
function axisOf(label, unit, ink, grid, extra) {
  return { label, stroke: ink, size: 62, labelSize: 20, font: '12px system-ui', labelFont: '12px system-ui',
    grid: { stroke: grid, width: 1 }, ticks: { stroke: grid }, values: (_chart, splits) => splits.map(UNITS[unit]), ...extra };
}
function draw(plot) {
  const place = document.getElementById('plot-' + plot.id);
  place.replaceChildren();
  const colours = dark.matches ? DARK_LINES : LIGHT_LINES;
  const ink = dark.matches ? '#9da7b3' : '#57606a';
  const grid = dark.matches ? '#262c33' : '#e4e8ec';
  let drawn = 0;
  const series = plot.lines.map(line => {
    const index = line.isReference ? -1 : drawn++;
    const colour = index < 0 ? ink : colours[index % colours.length];
    return { label: line.label, stroke: colour, width: line.isReference ? 1 : 2,
      dash: line.isReference ? [4, 4] : DASHES[index % DASHES.length],
      scale: line.isSecondary ? 'y2' : 'y', points: { show: plot.x.length < 3 },
      value: (_chart, value) => show(line.isSecondary ? plot.secondaryUnit : plot.unit, value) };
  });
  const axes = [
    { label: plot.xLabel, stroke: ink, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid }, font: '12px system-ui', labelFont: '12px system-ui', labelSize: 20 },
    axisOf(plot.yLabel, plot.unit, ink, grid, {}),
  ];
  if (plot.secondaryUnit) axes.push(axisOf(plot.secondaryLabel, plot.secondaryUnit, ink, grid, { side: 1, scale: 'y2', grid: { show: false } }));
  const options = {
    width: place.clientWidth, height: 300, axes,
    scales: { x: { time: false }, y: { range: rangeOf(plot) }, y2: { range: (_chart, _least, most) => [0, most * 1.08] } },
    series: [{ label: plot.xLabel, value: (_chart, value) => value == null ? '–' : String(Math.round(value * 100) / 100) }, ...series],
    plugins: [marksOf(plot, ink)], cursor: { sync: { key: plot.xLabel } },
  };
  new uPlot(options, [plot.x, ...plot.lines.map(line => line.values)], place);
}
function drawAll() { for (const plot of plots) draw(plot); }
drawAll();
dark.addEventListener('change', drawAll);
let waiting;
addEventListener('resize', () => { clearTimeout(waiting); waiting = setTimeout(drawAll, 150); });
`
