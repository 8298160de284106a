{{/* How the model gets into the pod: the volume, and the init container that fills it. */}}

{{- define "aristarch.modelVolume" -}}
{{- $model := .Values.model -}}
- name: models
{{- if eq $model.source "pvc" }}
  persistentVolumeClaim:
    claimName: {{ $model.pvc.claimName }}
    readOnly: true
{{- else if and (eq $model.source "image") (eq $model.image.method "volume") }}
  image:
    reference: {{ $model.image.reference }}
    {{- include "aristarch.given" (list 4 "pullPolicy" $model.image.pullPolicy) }}
{{- else }}
  {{- if $model.sizeLimit }}
  emptyDir:
    sizeLimit: {{ $model.sizeLimit }}
  {{- else }}
  emptyDir: {}
  {{- end }}
{{- end }}
{{- end -}}

{{- define "aristarch.modelMount" -}}
- name: models
  mountPath: /models
  readOnly: true
{{- with .Values.model }}
{{- if and (eq .source "image") (eq .image.method "volume") (ne (trimAll "/" .image.from) "") }}
  subPath: {{ trimAll "/" .image.from }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "aristarch.modelInit" -}}
{{- $model := .Values.model -}}
{{- if and (eq $model.source "image") (eq $model.image.method "copy") }}
- name: copy-model
  image: {{ $model.image.reference }}
  {{- include "aristarch.given" (list 2 "imagePullPolicy" $model.image.pullPolicy) }}
  command: [cp, -r, {{ printf "%s/." (trimSuffix "/" $model.image.from) | quote }}, /models/]
  {{- include "aristarch.modelInitRest" (dict "root" . "resources" .Values.resources) | nindent 2 }}
{{- else if eq $model.source "fetch" }}
- name: fetch-model
  {{- if $model.fetch.from }}
  {{- include "aristarch.syncContainer" (dict "root" . "when" (list "--once") "resources" .Values.resources) | nindent 2 }}
  {{- else }}
  image: {{ $model.fetch.image }}
  {{- with $model.fetch.command }}
  command:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $model.fetch.args }}
  args:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- include "aristarch.fetchRest" (dict "root" . "resources" .Values.resources) | nindent 2 }}
  {{- end }}
{{- if gt (int $model.fetch.everySeconds) 0 }}
# A container beside the service, for as long as the pod lives.
- name: keep-models
  restartPolicy: Always
  {{- $when := list "--every" (toString $model.fetch.everySeconds) }}
  {{- include "aristarch.syncContainer" (dict "root" . "when" $when "resources" $model.fetch.resources) | nindent 2 }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "aristarch.syncContainer" -}}
{{- $keys := list -}}
{{- with .root.Values.trustedKeys -}}
{{- if .existingSecret -}}
{{- range .keys -}}{{- $keys = concat $keys (list "--trusted-keys" (printf "/etc/aristarch/trusted-keys/%s" .)) -}}{{- end -}}
{{- end -}}
{{- end -}}
image: {{ include "aristarch.image" .root }}
args:
  {{- concat (list "sync" "--from" .root.Values.model.fetch.from "--to" "/models") .when $keys | toYaml | nindent 2 }}
{{ include "aristarch.fetchRest" . }}
{{- if $keys }}
  - name: trusted-keys
    mountPath: /etc/aristarch/trusted-keys
    readOnly: true
{{- end }}
{{- end -}}

{{- define "aristarch.fetchRest" -}}
{{- include "aristarch.given" (list 0 "imagePullPolicy" .root.Values.image.pullPolicy) | trim }}
{{- with .root.Values.model.fetch.env }}
env:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.model.fetch.existingSecret }}
envFrom:
  - secretRef:
      name: {{ . }}
{{- end }}
{{ include "aristarch.modelInitRest" . }}
{{- end -}}

{{- define "aristarch.modelInitRest" -}}
resources:
  {{- toYaml (default dict .resources) | nindent 2 }}
securityContext:
  {{- include "aristarch.containerSecurity" .root | nindent 2 }}
volumeMounts:
  - name: models
    mountPath: /models
  - name: tmp
    mountPath: /tmp
{{- end -}}
