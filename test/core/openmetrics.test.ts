import { expect, test } from 'vitest'
import { toOpenMetrics } from '../../core/openmetrics.ts'

test('families, types, units and the end as OpenMetrics has them; series stay as they are', () => {
  const text = `# HELP target_info Target metadata
# TYPE target_info gauge
target_info{service_name="x"} 1
# HELP a_busy_seconds_total Busy "time" \\\\ all.
# UNIT a_busy_seconds_total s
# TYPE a_busy_seconds_total counter
a_busy_seconds_total{gpu="0"} 12.5
# HELP a_pairs_total Pairs.
# UNIT a_pairs_total {pair}
# TYPE a_pairs_total counter
a_pairs_total 3
# HELP a_p95_latency p95.
# UNIT a_p95_latency s
# TYPE a_p95_latency gauge
a_p95_latency 0.25
# HELP a_fill_ratio Fill.
# UNIT a_fill_ratio 1
# TYPE a_fill_ratio gauge
a_fill_ratio 0.5
# HELP a_size_bytes Size.
# UNIT a_size_bytes By
# TYPE a_size_bytes histogram
a_size_bytes_count 1
a_size_bytes_sum 1
a_size_bytes_bucket{le="1"} 1
a_size_bytes_bucket{le="+Inf"} 1
`
  expect(toOpenMetrics(text)).toBe(`# HELP target Target metadata
# TYPE target info
target_info{service_name="x"} 1
# HELP a_busy_seconds Busy \\"time\\" \\\\ all.
# UNIT a_busy_seconds seconds
# TYPE a_busy_seconds counter
a_busy_seconds_total{gpu="0"} 12.5
# HELP a_pairs Pairs.
# TYPE a_pairs counter
a_pairs_total 3
# HELP a_p95_latency p95.
# TYPE a_p95_latency gauge
a_p95_latency 0.25
# HELP a_fill_ratio Fill.
# UNIT a_fill_ratio ratio
# TYPE a_fill_ratio gauge
a_fill_ratio 0.5
# HELP a_size_bytes Size.
# UNIT a_size_bytes bytes
# TYPE a_size_bytes histogram
a_size_bytes_count 1
a_size_bytes_sum 1
a_size_bytes_bucket{le="1"} 1
a_size_bytes_bucket{le="+Inf"} 1
# EOF
`)
})
