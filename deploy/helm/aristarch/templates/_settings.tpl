{{/* The configuration file of `serve`: what the values say, and what the chart sets itself. */}}

{{- define "aristarch.modelFolder" -}}
{{- printf "/models/%s" (trimAll "/" (default "" .Values.model.path)) | trimSuffix "/" -}}
{{- end -}}

{{/* Where training writes its versions: in it, a folder with the model's name. */}}
{{- define "aristarch.trainingFolder" -}}
{{- printf "/models/%s" (trimAll "/" (default "" .Values.training.path)) | trimSuffix "/" -}}
{{- end -}}

{{/*
What `prune` is told after each run of a CronJob, by what the service takes for a model that can be served. Nothing where all versions stay; and where values
name the one folder of the claim that is served: no serving.json says which that is.
*/}}
{{- define "aristarch.pruneFlags" -}}
{{- $t := .Values.training -}}
{{- $isNamed := and (eq .Values.model.source "pvc") (eq .Values.model.pvc.claimName $t.claimName) (not .Values.model.many) -}}
{{- if and (eq $t.kind "CronJob") (gt (int $t.keepVersions) 0) (not $isNamed) -}}
--models "$MODELS" --model "$MODEL" --keep {{ int $t.keepVersions }}
{{- with .Values.config.falsePositiveRate }} --false-positive-rate {{ . }}{{ end -}}
{{- with .Values.config.explainTopK }} --explain-top-k {{ . }}{{ end -}}
{{- with .Values.trustedKeys -}}
{{- if .existingSecret -}}
{{- range .keys }} --trusted-keys /etc/aristarch/trusted-keys/{{ . }}{{ end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "aristarch.settings" -}}
{{- $settings := dict
  "grpcHost" "0.0.0.0"
  "httpHost" "0.0.0.0"
  "grpcPort" 50051
  "httpPort" 8080
  "drainTimeoutMs" (mul .Values.shutdown.drainSeconds 1000)
-}}
{{- /* An autoscaler by processor time would take a loop that stays awake for load. */ -}}
{{- if .Values.autoscaling.hpa.enabled -}}{{- $_ := set $settings "stayAwakeUs" 0 -}}{{- end -}}
{{- $_ := set $settings (ternary "models" "model" .Values.model.many) (include "aristarch.modelFolder" .) -}}
{{- with .Values.tls -}}
{{- if .existingSecret -}}
{{- $_ := set $settings "tlsCert" (printf "/etc/aristarch/tls/%s" .certKey) -}}
{{- $_ := set $settings "tlsKey" (printf "/etc/aristarch/tls/%s" .keyKey) -}}
{{- $_ := set $settings "httpTls" .http -}}
{{- if .clientCaKey -}}{{- $_ := set $settings "tlsClientCa" (printf "/etc/aristarch/tls/%s" .clientCaKey) -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- with .Values.tokens -}}
{{- if .existingSecret -}}{{- $_ := set $settings "tokens" (printf "/etc/aristarch/tokens/%s" .key) -}}{{- end -}}
{{- end -}}
{{- with .Values.trustedKeys -}}
{{- if .existingSecret -}}
{{- $files := list -}}
{{- range .keys -}}{{- $files = append $files (printf "/etc/aristarch/trusted-keys/%s" .) -}}{{- end -}}
{{- $_ := set $settings "trustedKeys" $files -}}
{{- end -}}
{{- end -}}
{{- with .Values.kafka -}}
{{- if .existingSecret -}}
{{- if .caKey -}}{{- $_ := set $settings "kafkaTlsCa" (printf "/etc/aristarch/kafka/%s" .caKey) -}}{{- end -}}
{{- if .certKey -}}{{- $_ := set $settings "kafkaTlsCert" (printf "/etc/aristarch/kafka/%s" .certKey) -}}{{- end -}}
{{- if .keyKey -}}{{- $_ := set $settings "kafkaTlsKey" (printf "/etc/aristarch/kafka/%s" .keyKey) -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- if .Values.gpu.enabled -}}{{- $_ := set $settings "device" "cuda" -}}{{- end -}}
{{- mergeOverwrite $settings (deepCopy (default dict .Values.config)) | toPrettyJson -}}
{{- end -}}

{{/* Whether events come from Kafka. */}}
{{- define "aristarch.hasKafka" -}}
{{- if .Values.config.kafkaBrokers -}}true{{- end -}}
{{- end -}}

{{/* Of the brokers: a list, or a text with commas. */}}
{{- define "aristarch.kafkaBrokers" -}}
{{- $brokers := .Values.config.kafkaBrokers -}}
{{- if kindIs "slice" $brokers -}}{{- join "," $brokers -}}{{- else -}}{{- $brokers | replace " " "" -}}{{- end -}}
{{- end -}}

{{- define "aristarch.gracePeriodSeconds" -}}
{{- with .Values.shutdown -}}{{- add .preStopSeconds .drainSeconds .marginSeconds -}}{{- end -}}
{{- end -}}

{{/* How readiness is asked for: never with Kafka, without which calls are answered all the same. */}}
{{- define "aristarch.readiness" -}}
{{- if ne .Values.probes.readiness "auto" -}}
{{- .Values.probes.readiness -}}
{{- else if .Values.tls.existingSecret -}}
http
{{- else -}}
grpc
{{- end -}}
{{- end -}}

{{/* Of /tmp: room for what is temporary, and for the log of a candidate and the one before it. */}}
{{- define "aristarch.tmpMebibytes" -}}
{{- $log := 0 -}}
{{- if hasPrefix "/tmp/" (default "" .Values.config.candidateLog) -}}
{{- $log = divf (mulf 2 (default 67108864 .Values.config.candidateLogBytes)) 1048576 | ceil | int -}}
{{- end -}}
{{- add (default 0 .Values.tmp.sizeMi) $log -}}
{{- end -}}

{{/* A quantity of Kubernetes in mebibytes; 0 where it is none that is understood here. */}}
{{- define "aristarch.mebibytes" -}}
{{- $text := toString . -}}
{{- $bytes := dict "Ki" 1024.0 "Mi" 1048576.0 "Gi" 1073741824.0 "Ti" 1099511627776.0 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 -}}
{{- $number := regexFind "^[0-9]+([.][0-9]+)?" $text -}}
{{- $unit := trimPrefix $number $text -}}
{{- if and $number (hasKey $bytes $unit) -}}{{- divf (mulf (float64 $number) (get $bytes $unit)) 1048576.0 | int64 -}}{{- else -}}0{{- end -}}
{{- end -}}

{{/* Whether the brokers are reached by TLS, as the service itself takes it. */}}
{{- define "aristarch.kafkaTls" -}}
{{- $said := toString (default false .Values.config.kafkaTls) | lower -}}
{{- if or (has $said (list "true" "on" "yes" "1" "y" "enabled")) (include "aristarch.kafkaFiles" . | trim) -}}true{{- end -}}
{{- end -}}

{{/* How KEDA must reach the brokers, in the words of its trigger. */}}
{{- define "aristarch.kedaAccess" -}}
{{- if include "aristarch.kafkaTls" . }}
tls: enable
{{- end }}
{{- if .Values.config.kafkaSaslUser }}
sasl: {{ get (dict "plain" "plaintext" "scram-sha-256" "scram_sha256" "scram-sha-512" "scram_sha512") (default "scram-sha-512" .Values.config.kafkaSaslMechanism) }}
{{- end }}
{{- end -}}
