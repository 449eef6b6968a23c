/**
 * Draws the comparison's plots: a point for each run, both axes logarithmic. It runs in browsers, hence as text: `plots`
 * is the data and `uPlot` the library. Shapes tell the overlays apart as well as colours do.
 */
export const COMPARE_SCRIPT = `
'use strict';
const dark = matchMedia('(prefers-color-scheme: dark)');
const LIGHT = { kelips: '#0b62a8', napster: '#6b6b6b', gnutella: '#b5480b', fasttrack: '#8a6a00', chord: '#0a7a53', pastry: '#8a3a84' };
const DARK = { kelips: '#6cb6ff', napster: '#b3b3b3', gnutella: '#f0a35e', fasttrack: '#e3c64f', chord: '#5fd3a4', pastry: '#dd9bd8' };
const SHAPES = { kelips: 0, napster: 4, gnutella: 3, fasttrack: -3, chord: 2, pastry: 5 };
function colourOf(overlay) { return (dark.matches ? DARK : LIGHT)[overlay]; }
/** A circle; or a polygon with so many corners, upside down where there are less than none; 2: a lozenge. */
function trace(ctx, overlay, x, y, r) {
  const shape = SHAPES[overlay];
  ctx.beginPath();
  if (shape === 0) { ctx.arc(x, y, r * 0.9, 0, 2 * Math.PI); return; }
  const corners = shape === 2 ? 4 : Math.abs(shape);
  const turn = shape === 4 ? Math.PI / 4 : shape < 0 ? Math.PI : 0;
  for (let i = 0; i < corners; i++) {
    const angle = turn + 2 * Math.PI * i / corners - Math.PI / 2;
    ctx.lineTo(x + r * 1.15 * Math.cos(angle), y + r * 1.15 * Math.sin(angle));
  }
  ctx.closePath();
}
function mark(ctx, overlay, x, y, r) {
  trace(ctx, overlay, x, y, r);
  ctx.fillStyle = colourOf(overlay);
  ctx.fill();
}
/** Labels that would lie on others, or on points, are left out: the tables have everything. */
function labelAll(ctx, placed, box, ink) {
  const pixel = devicePixelRatio;
  const height = 13 * pixel;
  const taken = placed.map(({ x, y }) => [x - 6 * pixel, y - 6 * pixel, x + 6 * pixel, y + 6 * pixel]);
  const isFree = spot => spot[0] >= box.left && spot[2] <= box.left + box.width && taken.every(other => spot[2] <= other[0] || other[2] <= spot[0] || spot[3] <= other[1] || other[3] <= spot[1]);
  ctx.font = 11 * pixel + 'px system-ui'; ctx.textBaseline = 'middle'; ctx.textAlign = 'left'; ctx.fillStyle = ink;
  for (const { x, y, label } of placed) {
    const width = ctx.measureText(label).width;
    const gap = 9 * pixel;
    const starts = [[x + gap, y], [x - gap - width, y], [x - width / 2, y - gap - height / 2], [x - width / 2, y + gap + height / 2]];
    for (const [left, middle] of starts) {
      const spot = [left, middle - height / 2, left + width, middle + height / 2];
      if (!isFree(spot)) continue;
      taken.push(spot);
      ctx.fillText(label, left, middle);
      break;
    }
  }
}
function pointsOf(plot, ink) {
  return { hooks: { draw: [chart => {
    const { ctx, bbox } = chart;
    ctx.save();
    const placed = plot.points.map(point => ({ ...point, x: chart.valToPos(point.x, 'x', true), y: chart.valToPos(point.y, 'y', true) }));
    for (const { overlay, x, y } of placed) mark(ctx, overlay, x, y, 5.5 * devicePixelRatio);
    labelAll(ctx, placed, bbox, ink);
    ctx.restore();
  }] } };
}
function around(values) { return [Math.min(...values) / 1.8, Math.max(...values) * 1.8]; }
/** 1, 2, 5, 10, 20 … as far as the axis goes. */
function ticks(_chart, _axis, least, most) {
  const found = [];
  for (let decade = 10 ** Math.floor(Math.log10(least)); decade <= most; decade *= 10)
    for (const step of [1, 2, 5]) if (decade * step >= least && decade * step <= most) found.push(decade * step);
  return found;
}
function told(value) { return value == null ? '' : value >= 1e6 ? value / 1e6 + 'M' : value >= 1e4 ? value / 1e3 + 'k' : String(Number(value.toPrecision(3))); }
function draw(plot) {
  const place = document.getElementById('plot-' + plot.id);
  place.replaceChildren();
  const ink = dark.matches ? '#9da7b3' : '#57606a';
  const grid = dark.matches ? '#262c33' : '#e4e8ec';
  const axis = (label, extra) => ({ label, stroke: ink, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid }, font: '12px system-ui', labelFont: '12px system-ui', labelSize: 20, splits: ticks, filter: (_chart, splits) => splits, values: (_chart, splits) => splits.map(told), ...extra });
  const sorted = [...plot.points].sort((a, b) => a.x - b.x);
  new uPlot({
    width: place.clientWidth, height: 380, legend: { show: false }, cursor: { show: false },
    axes: [axis(plot.xLabel, {}), axis(plot.yLabel, { size: 62 })],
    scales: { x: { time: false, distr: 3, range: () => around(sorted.map(point => point.x)) }, y: { distr: 3, range: () => around(sorted.map(point => point.y)) } },
    series: [{}, { paths: () => null, points: { show: false } }],
    plugins: [pointsOf(plot, ink)],
  }, [sorted.map(point => point.x), sorted.map(point => point.y)], place);
}
function drawKeys() {
  for (const canvas of document.querySelectorAll('canvas[data-overlay]')) {
    canvas.width = canvas.height = 16 * devicePixelRatio;
    mark(canvas.getContext('2d'), canvas.dataset.overlay, canvas.width / 2, canvas.height / 2, 5.5 * devicePixelRatio);
  }
}
function drawAll() { drawKeys(); for (const plot of plots) if (plot.points.length > 0) draw(plot); }
drawAll();
dark.addEventListener('change', drawAll);
let waiting;
addEventListener('resize', () => { clearTimeout(waiting); waiting = setTimeout(drawAll, 150); });
`
