import { belongsToTelemetry, telemetryTag } from '../kind-groups.ts'
import { isDependency, type Claims } from '../model.ts'
import { storeKinds } from './technologies.ts'

/** Products by the last segments of their images: two where the last alone says too little. */
const telemetryImages = new Set(
  `opentelemetry-collector opentelemetry-collector-contrib opentelemetry-collector-k8s opentelemetry-operator otelcol
  otelcol-contrib otel-lgtm jaegertracing/all-in-one jaeger jaeger-agent jaeger-collector jaeger-query jaeger-ingester
  zipkin zipkin-slim grafana/tempo grafana/loki promtail grafana/alloy grafana/mimir grafana/agent pyroscope grafana
  grafana-oss grafana-enterprise grafana-image-renderer grafana-agent prometheus prometheus-operator alertmanager
  pushgateway kube-state-metrics metrics-server cadvisor thanos/thanos thanosio/thanos bitnami/thanos
  cortexproject/cortex victoria-metrics victoria-logs vmagent statsd graphite graphite-statsd telegraf chronograf
  kapacitor fluentd fluentd-kubernetes-daemonset fluent-bit timberio/vector filebeat metricbeat packetbeat
  beats/heartbeat apm-server logstash kibana opensearch-dashboards datadog/agent datadog-agent
  newrelic-infra skywalking-oap-server skywalking-ui kiali weaveworks/scope netdata signoz uptrace
  aspire-dashboard datalust/seq`.split(/\s+/),
)

/** The same by the names that people give them; whole, since others carry such a word too. */
const telemetryNames = new Set(
  `otelcol otel-collector otel-agent opentelemetry-collector opentelemetry-collector-contrib
  opentelemetry-collector-k8s otelcontribcol opentelemetry-operator jaeger jaeger-all-in-one jaeger-agent
  jaeger-collector jaeger-query jaeger-operator all-in-one zipkin prometheus prometheus-server prometheus-operator
  alertmanager pushgateway grafana tempo loki promtail mimir thanos alloy grafana-agent node-exporter
  kube-state-metrics metrics-server statsd statsd-exporter graphite telegraf cadvisor fluentd fluent-bit fluentbit
  filebeat metricbeat heartbeat logstash kibana opensearch-dashboards apm-server datadog-agent datadog newrelic-agent
  dynatrace-oneagent splunk-otel-collector signoz skywalking skywalking-oap-server skywalking-ui pyroscope
  parca kiali cortex victoria-metrics vmagent vector aws-otel-collector`.split(/\s+/),
)

/**
 * Whether something with these names and images belongs to the telemetry plane. Images decide where they are known;
 * names tell what is built at home, such as a collector with a configuration of one's own.
 */
export function isTelemetry({
  names,
  images,
}: {
  names: readonly string[]
  images: readonly string[]
}): boolean {
  if (images.length > 0 && images.every(isTelemetryImage)) return true
  return names.some((name) => {
    const lower = name.toLowerCase()
    return telemetryNames.has(lower) || telemetryNames.has(lower.replace(/-(?:server|service|svc)$/, ''))
  })
}

/** Tags stores that nothing but telemetry uses, such as the database behind a collector. */
export function tagStoresOfTelemetry(claims: Claims): Claims {
  const watching = new Set(
    claims.entities.flatMap(({ ref, tags }) => (belongsToTelemetry({ tags }) ? [ref] : [])),
  )
  const users = new Map<string, string[]>()
  for (const { from, to, type } of claims.relations)
    if (isDependency(type)) users.set(to, [...(users.get(to) ?? []), from])
  const entities = claims.entities.map((entity) => {
    const usedBy = users.get(entity.ref) ?? []
    const onlyWatches =
      storeKinds.has(entity.kind) && usedBy.length > 0 && usedBy.every((ref) => watching.has(ref))
    return onlyWatches ? { ...entity, tags: [...new Set([...(entity.tags ?? []), telemetryTag])] } : entity
  })
  return { ...claims, entities }
}

/** `registry:5000/grafana/grafana:11@sha256:…` is `grafana/grafana`, of which the last segment may be enough. */
function isTelemetryImage(image: string): boolean {
  const segments = image
    .replace(/@.*$/, '')
    .replace(/:[^:/]*$/, '')
    .toLowerCase()
    .split('/')
  const last = segments.at(-1) ?? ''
  return (
    telemetryImages.has(last) ||
    telemetryImages.has(segments.slice(-2).join('/')) ||
    /[-_]exporter$/.test(last)
  )
}
