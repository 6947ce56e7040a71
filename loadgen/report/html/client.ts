/**
 * The page's own script, as text: it runs in a browser, which the compiler here knows nothing of. It
 * draws the charts whose data the page carries; everything else of the page works without it.
 */
export const clientScript = String.raw`
'use strict';
(() => {
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();
  const duration = (s) => s == null ? '' : s < 0.001 ? (s * 1e6).toFixed(0) + ' µs'
    : s < 0.1 ? Number((s * 1e3).toFixed(1)) + ' ms' : s < 1 ? (s * 1e3).toFixed(0) + ' ms' : s.toFixed(2) + ' s';
  const percent = (r) => r == null ? '' : (r * 100).toFixed(0) + ' %';
  const rate = (r) => r == null ? '' : Number(r.toFixed(1)) + '/s';
  const count = (n) => n == null ? '' : String(n);
  const some = (n) => n == null ? '' : String(Number(n.toFixed(n < 10 ? 2 : 0)));
  const formats = { latency: duration, utilization: percent, rate, flight: some, distribution: count };
  const points = (color, size) => ({ paths: () => null, points: { show: true, size, width: 0, fill: color, stroke: color } });
  const styles = (style) => {
    if (style.startsWith('shape')) return points(css(style), 5);
    if (style === 'failed') return points(css('bad'), 8);
    if (style === 'p95') return { stroke: css('ink'), width: 2, spanGaps: true, points: { show: false } };
    const stepped = uPlot.paths.stepped({ align: 1 });
    if (style === 'offered') return { stroke: css('muted'), width: 1.5, dash: [5, 4], paths: stepped, points: { show: false } };
    if (style === 'answered') return { stroke: css('accent'), width: 2, fill: css('accent-soft'), paths: stepped, points: { show: false } };
    return { stroke: css(style), width: 2, points: { show: false } };
  };
  const underlay = (chart) => (u) => {
    const { ctx, bbox } = u;
    const y = (v) => u.valToPos(v, 'y', true);
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    const pixels = devicePixelRatio;
    ctx.font = 11 * pixels + 'px ' + css('sans');
    (chart.bands || []).forEach((band, at) => {
      ctx.fillStyle = css('band' + at);
      ctx.fillRect(bbox.left, y(band.to), bbox.width, y(band.from) - y(band.to));
    });
    if (chart.line && chart.line.at <= u.scales.y.max) {
      ctx.strokeStyle = css('muted');
      ctx.setLineDash([3 * pixels, 4 * pixels]);
      ctx.lineWidth = pixels;
      ctx.beginPath();
      ctx.moveTo(bbox.left, y(chart.line.at));
      ctx.lineTo(bbox.left + bbox.width, y(chart.line.at));
      ctx.stroke();
      ctx.fillStyle = css('muted');
      ctx.textAlign = 'left';
      ctx.fillText(chart.line.label, bbox.left + 6 * pixels, y(chart.line.at) - 4 * pixels);
    }
    const taken = [];
    (chart.marks || []).forEach(({ at, label }) => {
      const x = u.valToPos(at, 'x', true);
      ctx.strokeStyle = css('ink');
      ctx.setLineDash([3 * pixels, 4 * pixels]);
      ctx.lineWidth = pixels;
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      ctx.fillStyle = css('ink');
      ctx.textAlign = 'left';
      const text = label + ' ' + duration(at);
      const wide = ctx.measureText(text).width + 10 * pixels;
      const fits = x + wide < bbox.left + bbox.width;
      const from = fits ? x : x - wide;
      // Labels that would lie on one another go one below the other.
      let row = 0;
      while (taken[row] > from) row += 1;
      taken[row] = from + wide;
      ctx.textAlign = fits ? 'left' : 'right';
      ctx.fillText(text, x + (fits ? 5 : -5) * pixels, bbox.top + (14 + row * 15) * pixels);
    });
    ctx.restore();
    ctx.fillStyle = css('muted');
    ctx.textAlign = 'left';
    ctx.font = 11 * pixels + 'px ' + css('sans');
    // Beside the chart there is no room on a phone: the colours speak.
    if (bbox.left + bbox.width + 40 * pixels < u.ctx.canvas.width) (chart.bands || []).forEach((band) =>
      ctx.fillText(band.label, bbox.left + bbox.width + 8 * pixels, y((band.from + band.to) / 2) + 4 * pixels));
  };
  const readout = (element, chart) => (u) => {
    const at = u.cursor.idx;
    const format = formats[chart.kind];
    element.textContent = at == null ? '' : [chart.kind === 'distribution' ? 'from ' + duration(u.data[0][at]) : u.data[0][at].toFixed(2) + ' s', ...chart.series.flatMap(({ label }, n) => {
      const value = u.data[n + 1][at];
      return value == null ? [] : [label + ' ' + format(value)];
    })].join('   ');
  };
  const build = (element, chart, span, sync) => {
    const format = formats[chart.kind];
    const axis = { stroke: css('muted'), font: '12px ' + css('sans'), grid: { stroke: css('line'), width: 1 }, ticks: { show: false } };
    const timed = chart.kind !== 'distribution';
    const end = timed ? span : chart.columns[0][chart.columns[0].length - 1];
    const narrow = element.clientWidth < 500;
    // Above the bars of a distribution stand the names of its marks.
    const top = chart.kind === 'utilization' ? () => [0, 1] : (u, min, max) => [0, (max || 1) * (chart.kind === 'distribution' ? 1.3 : 1.08)];
    return new uPlot({
      width: element.clientWidth, height: chart.kind === 'latency' ? 270 : 170,
      scales: { x: { time: false, range: () => [0, end] }, y: { range: top } },
      axes: [
        { ...axis, size: 30, values: (u, ticks) => ticks.map((t) => timed ? t + ' s' : t === 0 ? '0' : duration(t)) },
        { ...axis, size: narrow ? 56 : 64, values: (u, ticks) => ticks.map((t) => t === 0 ? '0' : format(t)) },
      ],
      padding: [10, narrow ? 16 : 64, 0, 0],
      series: [{}, ...chart.series.map(({ label, style }) => ({ label, ...styles(style) }))],
      cursor: { ...(timed ? { sync: { key: sync } } : {}), drag: { x: false, y: false }, points: { size: 7 } },
      legend: { show: false },
      hooks: { drawClear: [underlay(chart)], setCursor: [readout(element.previousElementSibling.lastElementChild, chart)] },
    }, chart.columns, element);
  };
  const all = JSON.parse(document.getElementById('charts').textContent);
  let built = [];
  const draw = () => {
    built.forEach((chart) => chart.destroy());
    built = all.flatMap(({ spanSeconds, charts }, run) => charts.map((chart) =>
      build(document.getElementById('chart-' + run + '-' + chart.kind), chart, spanSeconds, 'run' + run)));
    document.documentElement.dataset.drawn = String(built.length);
  };
  draw();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
  let waiting;
  // On paper the page is light, whatever the screen is.
  addEventListener('beforeprint', () => {
    // Paper cannot be clicked.
    document.querySelectorAll('details').forEach((part) => { part.open = true; });
    draw();
  });
  addEventListener('afterprint', draw);
  addEventListener('resize', () => { clearTimeout(waiting); waiting = setTimeout(draw, 150); });
})();
`
