import { topic, type CheckTopic } from './topic.ts'

export const mixed: readonly CheckTopic[] = [
  topic('mixed', '运维 operations', [
    [
      'GPU 利用率低于 40% 怎么办',
      'GPU 利用率连续五分钟低于 40% 时,先检查 batch 是否太小,再考虑减少副本。',
    ],
    [
      'Prometheus 抓取间隔设置',
      'Prometheus 的抓取间隔默认是一分钟,监控 GPU 建议设置为 15 秒,间隔太短会增加存储。',
    ],
    [
      'nvidia-smi 显示 N/A',
      '开启 MIG 之后,nvidia-smi 的利用率一栏显示 N/A,这不是错误,而是驱动不支持统计。',
    ],
    [
      'Kubernetes HPA 扩容慢',
      'Kubernetes 的 HPA 默认每 15 秒计算一次,加上容器启动时间,扩容往往慢几分钟。',
    ],
    [
      'Grafana 面板没有数据',
      'Grafana 面板没有数据时,先确认 data source 的地址,再检查查询里的 label 是否写错。',
    ],
    [
      'bge-reranker 的最大长度',
      'bge-reranker 的最大长度是 512 个 token,超出的部分会被截断,长文档需要先切分。',
    ],
    [
      'p95 latency 突然升高',
      'p95 latency 突然升高而 QPS 不变,常见原因是某个副本过热降频,或者请求变长了。',
    ],
    [
      'ONNX 导出失败',
      '导出 ONNX 失败多半是因为算子不被当前 opset 支持,升级 exporter 或换一个 opset 版本再试。',
    ],
    [
      'CUDA out of memory error',
      '遇到 CUDA out of memory error,可以减小 batch size,或者清理其他占用显存的进程。',
    ],
    [
      'docker compose 端口冲突',
      'docker compose 启动时报端口冲突,说明宿主机上已有程序占用,修改 ports 映射即可。',
    ],
  ]),
]
