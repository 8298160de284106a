{{/* What the NetworkPolicy of the chart stops, for NOTES.txt. No refusal: policies add up, and another one may let it through. */}}

{{- define "aristarch.shutOut" -}}
{{- $v := .Values -}}
{{- if and $v.monitoring.serviceMonitor.enabled (not $v.networkPolicy.httpFrom) }}
- Prometheus, by monitoring.serviceMonitor.enabled: set networkPolicy.httpFrom to where its pods are, such as [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}}]
{{- end }}
{{- $jwks := ternary $v.config.jwks "" (regexMatch "^(?i)https?://" (default "" $v.config.jwks)) -}}
{{- $from := ternary $v.model.fetch.from "" (eq $v.model.source "fetch") -}}
{{- range $name, $address := dict "config.schemaRegistry" $v.config.schemaRegistry "config.traceEndpoint" $v.config.traceEndpoint "model.fetch.from" $from "config.jwks" $jwks }}
{{- if and $address (not $v.networkPolicy.egress) }}
- the way to {{ $address }} ({{ $name }}): set networkPolicy.egress to it, such as [{ports: [{port: 443, protocol: TCP}]}]
{{- end }}
{{- end }}
{{- end -}}
