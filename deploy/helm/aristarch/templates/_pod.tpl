{{/* Parts that every pod of the chart shares. */}}

{{/* A field on a line of its own, so far to the right; none where its value was given as null, and what reads it has a default. */}}
{{- define "aristarch.given" -}}
{{- if not (kindIs "invalid" (index . 2)) -}}
{{- printf "%s: %v" (index . 1) (index . 2) | nindent (index . 0) -}}
{{- end -}}
{{- end -}}

{{- define "aristarch.podSecurity" -}}
runAsNonRoot: true
{{- with .Values.userId }}
runAsUser: {{ . }}
runAsGroup: {{ . }}
fsGroup: {{ . }}
{{- end }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "aristarch.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
{{- with .Values.userId }}
runAsUser: {{ . }}
runAsGroup: {{ . }}
{{- end }}
capabilities:
  drop: [ALL]
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{/* With the GPU, where there is one: what is requested of it is its limit too. */}}
{{- define "aristarch.resources" -}}
{{- $resources := deepCopy (default dict .resources) -}}
{{- with .root.Values.gpu -}}
{{- if .enabled -}}
{{- $_ := set $resources "limits" (set (default dict $resources.limits) .resource .count) -}}
{{- end -}}
{{- end -}}
{{- toYaml $resources -}}
{{- end -}}

{{- define "aristarch.placement" -}}
serviceAccountName: {{ include "aristarch.serviceAccountName" . }}
{{- include "aristarch.given" (list 0 "automountServiceAccountToken" .Values.serviceAccount.automountToken) }}
enableServiceLinks: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "aristarch.secretFiles" -}}
{{- if .Values.tls.existingSecret }}
- name: tls
  secret:
    secretName: {{ .Values.tls.existingSecret }}
    defaultMode: 0440
{{- end }}
{{- if .Values.tokens.existingSecret }}
- name: tokens
  secret:
    secretName: {{ .Values.tokens.existingSecret }}
    defaultMode: 0440
{{- end }}
{{- if .Values.trustedKeys.existingSecret }}
- name: trusted-keys
  secret:
    secretName: {{ .Values.trustedKeys.existingSecret }}
    defaultMode: 0440
{{- end }}
{{- if include "aristarch.kafkaFiles" . }}
- name: kafka
  secret:
    secretName: {{ .Values.kafka.existingSecret }}
    defaultMode: 0440
    items:
      {{- include "aristarch.kafkaFiles" . | trim | nindent 6 }}
{{- end }}
{{- end -}}

{{/* The certificates of the secret, and not its password. */}}
{{- define "aristarch.kafkaFiles" -}}
{{- with .Values.kafka }}
{{- if .existingSecret }}
{{- range compact (list .caKey .certKey .keyKey) }}
- key: {{ . }}
  path: {{ . }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "aristarch.secretMounts" -}}
{{- if .Values.tls.existingSecret }}
- name: tls
  mountPath: /etc/aristarch/tls
  readOnly: true
{{- end }}
{{- if .Values.tokens.existingSecret }}
- name: tokens
  mountPath: /etc/aristarch/tokens
  readOnly: true
{{- end }}
{{- if .Values.trustedKeys.existingSecret }}
- name: trusted-keys
  mountPath: /etc/aristarch/trusted-keys
  readOnly: true
{{- end }}
{{- if include "aristarch.kafkaFiles" . }}
- name: kafka
  mountPath: /etc/aristarch/kafka
  readOnly: true
{{- end }}
{{- end -}}

{{- define "aristarch.secretEnvironment" -}}
{{- with .Values.kafka }}
{{- if and .existingSecret .passwordKey }}
- name: ARISTARCH_KAFKA_SASL_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ .existingSecret }}
      key: {{ .passwordKey }}
{{- end }}
{{- end }}
{{- with .Values.schemaRegistry }}
{{- if .existingSecret }}
- name: ARISTARCH_SCHEMA_REGISTRY_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ .existingSecret }}
      key: {{ .passwordKey }}
{{- end }}
{{- end }}
{{- end -}}
