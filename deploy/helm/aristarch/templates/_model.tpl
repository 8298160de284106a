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
    pullPolicy: {{ $model.image.pullPolicy }}
{{- else }}
  emptyDir:
    sizeLimit: {{ $model.sizeLimit }}
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
  imagePullPolicy: {{ $model.image.pullPolicy }}
  command: [cp, -r, {{ printf "%s/." (trimSuffix "/" $model.image.from) | quote }}, /models/]
  {{- include "aristarch.modelInitRest" . | nindent 2 }}
{{- else if eq $model.source "fetch" }}
- name: fetch-model
  image: {{ default (include "aristarch.image" .) $model.fetch.image }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  {{- with $model.fetch.command }}
  command:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $model.fetch.args }}
  args:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $model.fetch.env }}
  env:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $model.fetch.existingSecret }}
  envFrom:
    - secretRef:
        name: {{ . }}
  {{- end }}
  {{- include "aristarch.modelInitRest" . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "aristarch.modelInitRest" -}}
resources:
  {{- toYaml .Values.resources | nindent 2 }}
securityContext:
  {{- include "aristarch.containerSecurity" . | nindent 2 }}
volumeMounts:
  - name: models
    mountPath: /models
  - name: tmp
    mountPath: /tmp
{{- end -}}
