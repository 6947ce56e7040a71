/**
 * The page's own script, as text: it runs in a browser, which the compiler here knows nothing of. It
 * draws the charts whose data the page carries; the table and the notes work without it.
 */
export const chartScript = String.raw`
'use strict';
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();
  const colours = ['device0', 'device1', 'device2', 'device3', 'bad', 'warn'];
  const clock = (s) => Math.floor(s / 3600) + ':' + String(Math.floor((s % 3600) / 60)).padStart(2, '0');
  const stepped = uPlot.paths.stepped({ align: 1 });
  // Forms that do the same lie on one another: each is thinner than the one below it.
  const formLine = (label, at) => ({ label, stroke: css(colours[at % colours.length]), width: 1.5 + 1.3 * (data.names.length - 1 - at), paths: stepped, points: { show: false } });
  const bands = (u) => {
    const { ctx, bbox } = u;
    const y = (v) => u.valToPos(v, 'y', true);
    data.bands.forEach(([from, to], at) => {
      ctx.fillStyle = css('band' + at);
      ctx.fillRect(bbox.left, y(to), bbox.width, y(from) - y(to));
    });
    ctx.strokeStyle = css('muted');
    ctx.setLineDash([4, 5]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y(data.target));
    ctx.lineTo(bbox.left + bbox.width, y(data.target));
    ctx.stroke();
    ctx.setLineDash([]);
  };
  const build = (id, series, format, range, underlay) => {
    const element = document.getElementById(id);
    const legend = document.getElementById('legend-' + id);
    legend.replaceChildren(...series.map(({ label, stroke, dash }) => {
      const key = document.createElement('span');
      key.className = 'key stroke' + (dash ? ' dashed' : '');
      key.style.setProperty('--key', stroke);
      key.textContent = label;
      return key;
    }), document.createElement('output'));
    const output = legend.lastElementChild;
    const axis = { stroke: css('muted'), font: '12px ' + css('sans'), grid: { stroke: css('line'), width: 1 }, ticks: { show: false } };
    return new uPlot({
      width: element.clientWidth, height: 220,
      scales: { x: { time: false, range: () => [0, data.seconds] }, y: { range } },
      axes: [
        { ...axis, size: 30, incrs: [60, 300, 600, 1800, 3600, 7200, 21600, 86400, 172800], values: (u, ticks) => ticks.map(clock) },
        { ...axis, size: 52, values: (u, ticks) => ticks.map(format) },
      ],
      series: [{}, ...series],
      cursor: { y: false, sync: { key: 'all' }, drag: { x: false, y: false }, points: { size: 6 } },
      legend: { show: false },
      hooks: {
        drawClear: underlay ? [underlay] : [],
        setCursor: [(u) => {
          const at = u.cursor.idx;
          output.textContent = at == null ? '' : [clock(u.data[0][at]), ...series.map(({ label }, n) => label + ' ' + format(u.data[n + 1][at]))].join(' · ');
        }],
      },
    }, data[id], element);
  };
  let built = [];
  const draw = () => {
    built.forEach((chart) => chart.destroy());
    const load = { label: 'load', stroke: css('muted'), fill: css('accent-soft'), width: 1.5, dash: [5, 4], points: { show: false } };
    built = [
      build('replicas', [load, ...data.names.map(formLine)], (v) => String(Number(v.toFixed(2))), (u, min, max) => [0, (max || 1) * 1.1]),
      build('utilization', data.names.map(formLine), (v) => (v * 100).toFixed(0) + ' %', () => [0, 1.02], bands),
    ];
    document.documentElement.dataset.drawn = String(built.length);
  };
  draw();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
  let waiting;
  addEventListener('resize', () => { clearTimeout(waiting); waiting = setTimeout(draw, 150); });
})();
`
