{{/* Probes. Kubernetes' gRPC probes speak no TLS; health over HTTP is open to everyone, and its certificate is not checked. */}}

{{- define "aristarch.probe" -}}
{{- if eq .kind "grpc" -}}
grpc:
  port: 50051
{{- else -}}
httpGet:
  path: {{ .path }}
  port: http
  scheme: {{ ternary "HTTPS" "HTTP" .root.Values.tls.http }}
{{- end }}
{{- include "aristarch.given" (list 0 "timeoutSeconds" .root.Values.probes.timeoutSeconds) }}
periodSeconds: {{ .root.Values.probes.periodSeconds }}
{{- end -}}

{{- define "aristarch.probes" -}}
{{- $alive := ternary "http" "grpc" (not (empty .Values.tls.existingSecret)) -}}
startupProbe:
  {{- include "aristarch.probe" (dict "root" . "kind" $alive "path" "/healthz") | nindent 2 }}
  failureThreshold: {{ max 1 (div .Values.probes.startupSeconds .Values.probes.periodSeconds) }}
livenessProbe:
  {{- include "aristarch.probe" (dict "root" . "kind" $alive "path" "/healthz") | nindent 2 }}
  {{- include "aristarch.given" (list 2 "failureThreshold" .Values.probes.failureThreshold) }}
readinessProbe:
  {{- include "aristarch.probe" (dict "root" . "kind" (include "aristarch.readiness" .) "path" "/readyz/calls") | nindent 2 }}
  {{- include "aristarch.given" (list 2 "failureThreshold" .Values.probes.failureThreshold) }}
{{- end -}}
