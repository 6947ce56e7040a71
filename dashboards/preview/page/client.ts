/**
 * The page's own script, as text: it runs in a browser, which the compiler here knows nothing of. It
 * draws the charts, writes times in the reader's own zone, and asks for the newest values.
 */
export const clientScript = String.raw`
'use strict';
(() => {
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();
  const clock = (seconds) => new Date(seconds * 1000).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
  const minuteSeconds = 60;
  const second = (seconds) => new Date(seconds * 1000).toLocaleTimeString('en-GB');
  const format = ({ factor, suffix }, value) => {
    const scaled = value * factor;
    const size = Math.abs(scaled);
    return String(Number(scaled.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3))) + suffix;
  };
  const setup = JSON.parse(document.getElementById('setup').textContent);
  let marks = setup.marks;
  const transparent = (color, share) => 'color-mix(in srgb, ' + color + ' ' + Math.round(share * 100) + '%, transparent)';

  const underlay = (chart) => (u) => {
    const { ctx, bbox } = u;
    const y = (v) => u.valToPos(v, 'y', true);
    ctx.save();
    chart.regions.forEach(({ from, to, tone }) => {
      const top = y(Math.min(to, chart.maximum));
      const bottom = y(Math.max(from, chart.minimum));
      if (bottom <= top || tone === 'text') return;
      ctx.globalAlpha = 0.1;
      ctx.fillStyle = css('tone-' + tone);
      ctx.fillRect(bbox.left, top, bbox.width, bottom - top);
    });
    marks.forEach(({ fromSeconds, toSeconds, tone }) => {
      const x = u.valToPos(fromSeconds, 'x', true);
      const wide = u.valToPos(toSeconds, 'x', true) - x;
      ctx.fillStyle = css('tone-' + tone);
      ctx.globalAlpha = 0.45;
      ctx.fillRect(x, bbox.top, devicePixelRatio, bbox.height);
      // What lasts is a bar along the axis: lines and regions stay to be seen.
      ctx.fillRect(x, bbox.top + bbox.height - 2 * devicePixelRatio, wide, 2 * devicePixelRatio);
    });
    ctx.globalAlpha = 1;
    chart.limits.forEach(({ at, tone }) => {
      if (at > chart.maximum || at < chart.minimum) return;
      ctx.strokeStyle = css('tone-' + tone);
      ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
      ctx.lineWidth = devicePixelRatio;
      ctx.beginPath();
      ctx.moveTo(bbox.left, y(at));
      ctx.lineTo(bbox.left + bbox.width, y(at));
      ctx.stroke();
    });
    ctx.restore();
  };
  // A point between two gaps is no line: it is shown as a point.
  const lonely = (u, at) => {
    const values = u.data[at];
    return values.flatMap((value, n) => value != null && values[n - 1] == null && values[n + 1] == null ? [n] : []);
  };
  const tipOf = (element, chart) => {
    const tip = document.createElement('div');
    tip.className = 'tip';
    tip.hidden = true;
    element.append(tip);
    return (u) => {
      const at = u.cursor.idx;
      tip.hidden = at == null || u.cursor.left < 0;
      if (tip.hidden) return;
      tip.textContent = [second(u.data[0][at]), ...chart.lines.flatMap(({ name }, n) => {
        const value = u.data[n + 1][at];
        if (value == null) return [];
        const below = chart.stacked && n > 0 ? u.data[n][at] || 0 : 0;
        return [name + '   ' + format(chart.scale, value - below)];
      }), ...marks.filter(({ fromSeconds, toSeconds }) => fromSeconds <= u.data[0][at] && u.data[0][at] <= toSeconds).map(({ title }) => title)].join('\n');
      const right = u.cursor.left < u.over.clientWidth / 2;
      tip.style.left = right ? 'auto' : '64px';
      tip.style.right = right ? '8px' : 'auto';
    };
  };
  const build = (element, chart, sync) => {
    const axis = { stroke: css('muted'), font: '11px ' + css('sans'), grid: { stroke: css('line'), width: 1 }, ticks: { show: false } };
    const columns = chart.columns;
    const bars = uPlot.paths.bars({ size: [0.9, 40] });
    return new uPlot({
      width: element.clientWidth, height: Math.max(40, element.clientHeight),
      scales: { x: { range: () => [columns[0][0], columns[0][columns[0].length - 1]] }, y: { range: () => [chart.minimum, chart.maximum] } },
      axes: [
        { ...axis, size: 24, values: (u, ticks) => ticks.map(ticks.length > 1 && ticks[1] - ticks[0] < minuteSeconds ? second : clock), space: 70 },
        { ...axis, size: 62, splits: () => chart.ticks.map((tick) => tick.at), values: () => chart.ticks.map((tick) => tick.text) },
      ],
      padding: [6, 22, 0, 0],
      series: [{}, ...chart.lines.map(({ name, paint, width, fill, dashed, bars: asBars }) => {
        const color = css('tone-' + paint);
        return {
          // Stacked areas lie upon one another: the outline of an empty one would hide the next.
          label: name, stroke: color, width: chart.stacked ? 0 : Math.max(1.5, width),
          ...(fill > 0 ? { fill: transparent(color, fill) } : {}),
          ...(dashed ? { dash: [6, 4] } : {}),
          ...(asBars ? { paths: bars } : {}),
          points: { show: !chart.stacked, size: 5, fill: color, filter: lonely },
        };
      })],
      ...(chart.stacked ? { bands: chart.lines.slice(1).map((_, n) => ({ series: [n + 2, n + 1] })) } : {}),
      cursor: { sync: { key: sync }, drag: { x: false, y: false }, points: { size: 6 } },
      legend: { show: false },
      hooks: { drawClear: [underlay(chart)], setCursor: [tipOf(element, chart)] },
    }, columns, element);
  };

  let charts = setup.charts;
  let built = [];
  const times = () => document.querySelectorAll('[data-seconds]').forEach((element) => {
    element.textContent = (element.dataset.apart < minuteSeconds ? second : clock)(Number(element.dataset.seconds));
  });
  const draw = () => {
    built.forEach((chart) => chart.destroy());
    document.querySelectorAll('.tip').forEach((tip) => tip.remove());
    built = Object.entries(charts).map(([key, chart]) =>
      build(document.querySelector('#' + key + ' .chart'), chart, 'board'));
    times();
    document.documentElement.dataset.drawn = String(built.length);
  };
  draw();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
  addEventListener('beforeprint', draw);
  addEventListener('afterprint', draw);
  let waiting;
  addEventListener('resize', () => { clearTimeout(waiting); waiting = setTimeout(draw, 150); });
  document.querySelectorAll('select').forEach((menu) => menu.addEventListener('change', () => menu.form.requestSubmit()));

  if (!setup.refreshSeconds) return;
  const age = document.getElementById('age');
  const refresh = async () => {
    try {
      const response = await fetch('picture/' + setup.board + location.search);
      if (!response.ok) throw new Error((await response.text()).trim());
      const { panels, charts: newer, marks: newest } = await response.json();
      panels.forEach(({ key, state, markup }) => {
        const panel = document.getElementById(key);
        panel.dataset.state = state;
        panel.querySelector('.body').innerHTML = markup;
      });
      charts = newer;
      marks = newest;
      draw();
      age.textContent = 'as of ' + second(Date.now() / 1000);
    } catch (error) {
      age.textContent = 'not renewed: ' + error.message;
    }
    setTimeout(refresh, setup.refreshSeconds * 1000);
  };
  setTimeout(refresh, setup.refreshSeconds * 1000);
})();
`
