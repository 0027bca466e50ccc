import { imageName } from './technologies.ts'

/** Products that watch others: systems usually keep working without them. */
const products = new Set(
  `otelcol otel-collector otel-agent opentelemetry-collector opentelemetry-collector-contrib
  opentelemetry-collector-k8s otelcontribcol opentelemetry-operator jaeger jaeger-all-in-one jaeger-agent
  jaeger-collector jaeger-query jaeger-operator all-in-one zipkin prometheus prometheus-server prometheus-operator
  alertmanager pushgateway grafana tempo loki promtail mimir thanos alloy grafana-agent node-exporter
  kube-state-metrics metrics-server statsd statsd-exporter graphite telegraf cadvisor fluentd fluent-bit fluentbit
  filebeat metricbeat heartbeat logstash kibana opensearch-dashboards apm-server datadog-agent datadog newrelic-agent
  dynatrace-oneagent splunk-otel-collector signoz skywalking skywalking-oap-server skywalking-ui pyroscope
  parca kiali cortex victoria-metrics vmagent vector aws-otel-collector`.split(/\s+/),
)

/** Whether something only watches: its image or, without a telling image, one of its names is such a product's. */
export function isTelemetry({
  names,
  images,
}: {
  names: readonly string[]
  images: readonly string[]
}): boolean {
  const segments = images.map(imageName)
  if (segments.some((segment) => products.has(segment))) return true
  return names.some(
    (name) => products.has(name) || products.has(name.replace(/-(?:server|service|svc)$/, '')),
  )
}
