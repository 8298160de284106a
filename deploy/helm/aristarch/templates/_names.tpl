{{/* Names and labels. */}}

{{- define "aristarch.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* At most 40 characters, so that names made of it keep to the 63 of a label. A release's name may have dots, and that of a Service may not. */}}
{{- define "aristarch.fullname" -}}
{{- $name := include "aristarch.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | replace "." "-" | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | replace "." "-" | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "aristarch.selector" -}}
app.kubernetes.io/name: {{ include "aristarch.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* Of the pods that serve, not of those that train. */}}
{{- define "aristarch.servingSelector" -}}
{{ include "aristarch.selector" . }}
app.kubernetes.io/component: serve
{{- end -}}

{{- define "aristarch.trainingSelector" -}}
{{ include "aristarch.selector" . }}
app.kubernetes.io/component: train
{{- end -}}

{{- define "aristarch.labels" -}}
{{ include "aristarch.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "aristarch.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "aristarch.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "aristarch.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ default (ternary (printf "%s-gpu" .Chart.AppVersion) .Chart.AppVersion .Values.gpu.enabled) .Values.image.tag }}
{{- end -}}
{{- end -}}
