/**
 * The page's own script, as text: it runs in a browser, which the compiler here knows nothing of. It
 * draws the charts whose data the page carries; everything else of the page works without it.
 */
export const clientScript = String.raw`
'use strict';
(() => {
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();
  const duration = (s) => s === 0 ? '0' : s < 0.1 ? Number((s * 1e3).toFixed(1)) + ' ms' : s < 1 ? (s * 1e3).toFixed(0) + ' ms' : s.toFixed(2) + ' s';
  const percent = (r) => (r * 100).toFixed(0) + ' %';
  const count = (n) => n.toLocaleString('en-US');
  const kinds = {
    'throughput-p95': { x: (n) => count(n) + '/s', y: duration, size: 9, top: (max) => (max || 1) * 1.1 },
    utilization: { x: (s) => s + ' s', y: percent, size: 0, top: () => 1 },
  };
  const underlay = (chart) => (u) => {
    const { ctx, bbox } = u;
    const y = (v) => u.valToPos(v, 'y', true);
    ctx.save();
    ctx.font = 11 * devicePixelRatio + 'px ' + css('sans');
    chart.bands.forEach((band, at) => {
      ctx.fillStyle = css('band' + at);
      ctx.fillRect(bbox.left, y(band.to), bbox.width, y(band.from) - y(band.to));
      ctx.fillStyle = css('muted');
      ctx.fillText(band.label, bbox.left + bbox.width + 8 * devicePixelRatio, y((band.from + band.to) / 2));
    });
    ctx.restore();
  };
  const build = (chart) => {
    const element = document.getElementById('chart-' + chart.id);
    const kind = kinds[chart.id];
    const axis = { stroke: css('muted'), font: '12px ' + css('sans'), grid: { stroke: css('line'), width: 1 }, ticks: { show: false } };
    const readout = element.previousElementSibling.lastElementChild;
    return new uPlot({
      width: element.clientWidth, height: 240,
      scales: { x: { time: false, range: (u, min, max) => [0, (max || 1) * 1.05] }, y: { range: (u, min, max) => [0, kind.top(max)] } },
      axes: [
        { ...axis, size: 30, values: (u, ticks) => ticks.map(kind.x) },
        { ...axis, size: 64, values: (u, ticks) => ticks.map(kind.y) },
      ],
      padding: [10, 64, 0, 0],
      series: [{}, ...chart.lines.map(({ label, place }) => ({
        label, stroke: css('device' + place % 4), width: 2, spanGaps: true, dash: place < 4 ? undefined : [6, 4],
        points: { show: kind.size > 0, size: kind.size, fill: css('device' + place % 4) },
      }))],
      cursor: { drag: { x: false, y: false } },
      legend: { show: false },
      hooks: {
        drawClear: [underlay(chart)],
        setCursor: [(u) => {
          const at = u.cursor.idx;
          readout.textContent = at == null ? '' : [kind.x(u.data[0][at]), ...chart.lines.flatMap(({ label }, n) => {
            const value = u.data[n + 1][at];
            return value == null ? [] : [label + ' ' + kind.y(value)];
          })].join('   ');
        }],
      },
    }, chart.columns, element);
  };
  const all = JSON.parse(document.getElementById('charts').textContent);
  let built = [];
  const draw = () => {
    built.forEach((chart) => chart.destroy());
    built = all.map(build);
    document.documentElement.dataset.drawn = String(built.length);
  };
  draw();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
  let waiting;
  addEventListener('beforeprint', draw);
  addEventListener('afterprint', draw);
  addEventListener('resize', () => { clearTimeout(waiting); waiting = setTimeout(draw, 150); });
})();
`
