{{/* What values.schema.json cannot see, with the remedy. */}}

{{- define "aristarch.refusals" -}}
{{- $v := .Values -}}
{{- include "aristarch.refusedNames" . -}}
{{- include "aristarch.refusedSettings" . -}}
{{- if and $v.autoscaling.hpa.enabled $v.autoscaling.keda.enabled -}}
{{- fail "autoscaling.hpa.enabled and autoscaling.keda.enabled exclude each other, since both set the number of pods: leave one of them on" -}}
{{- end -}}
{{- if and $v.autoscaling.keda.enabled (not (include "aristarch.hasKafka" .)) -}}
{{- fail "autoscaling.keda.enabled scales by the lag of a topic: set config.kafkaBrokers, topicIn, topicOut and deadLetter as well" -}}
{{- end -}}
{{- if and $v.autoscaling.hpa.enabled (not (or (dig "requests" "cpu" "" (default dict $v.resources)) (dig "limits" "cpu" "" (default dict $v.resources)))) -}}
{{- fail "autoscaling.hpa.enabled counts processor time in per cent of what a pod requests: set resources.requests.cpu" -}}
{{- end -}}
{{- range $name, $scaler := $v.autoscaling -}}
{{- if and $scaler.enabled (gt (int $scaler.minReplicas) (int $scaler.maxReplicas)) -}}
{{- fail (printf "autoscaling.%s.minReplicas is %d, and maxReplicas is %d: raise maxReplicas, or lower minReplicas" $name (int $scaler.minReplicas) (int $scaler.maxReplicas)) -}}
{{- end -}}
{{- end -}}
{{- if and $v.autoscaling.keda.enabled (not $v.autoscaling.keda.authenticationRef) (or $v.config.kafkaSaslUser (include "aristarch.kafkaFiles" . | trim)) -}}
{{- fail "autoscaling.keda reads the lag from the same brokers, and they want a user or certificates: set autoscaling.keda.authenticationRef to a TriggerAuthentication that has them" -}}
{{- end -}}
{{- if and $v.strategy $v.model.pvc.readWriteOnce (ne (default "" $v.strategy.type) "Recreate") -}}
{{- fail "model.pvc.readWriteOnce is a claim that one node can mount, and a new pod on another node would wait for it: leave strategy empty, or set strategy.type to Recreate" -}}
{{- end -}}
{{- with $v.config.kafkaStartTimeoutMs -}}
{{- if ge (divf . 1000) (float64 (default 0 $v.minReadySeconds)) -}}
{{- fail (printf "config.kafkaStartTimeoutMs is %d, and a pod that ends after it has counted as ready before, by minReadySeconds: %d; an upgrade would go on to the next one: raise minReadySeconds above it, or leave it out, and pods wait for Kafka" (int64 .) (int64 (default 0 $v.minReadySeconds))) -}}
{{- end -}}
{{- end -}}
{{- if not $v.model.source -}}
{{- fail "model.source is missing: set it to pvc, image or fetch, and what the model is fetched from" -}}
{{- end -}}
{{- if and (eq $v.model.source "pvc") (not $v.model.pvc.claimName) -}}
{{- fail "model.source is pvc: set model.pvc.claimName to an existing claim" -}}
{{- end -}}
{{- if and (eq $v.model.source "image") (not $v.model.image.reference) -}}
{{- fail "model.source is image: set model.image.reference to the image with the model's files" -}}
{{- end -}}
{{- if eq $v.model.source "fetch" -}}
{{- if not (or $v.model.fetch.from $v.model.fetch.image) -}}
{{- fail "model.source is fetch: set model.fetch.from to where the models are, or model.fetch.image (and command, args) to what writes them into /models" -}}
{{- end -}}
{{- if and $v.model.fetch.from $v.model.fetch.image -}}
{{- fail "model.fetch.from is fetched by the service's own image: leave model.fetch.image, or model.fetch.from, empty" -}}
{{- end -}}
{{- if and $v.model.fetch.everySeconds (not (and $v.model.fetch.from $v.model.many)) -}}
{{- fail "model.fetch.everySeconds brings new versions while the service runs: set model.fetch.from and model.many as well" -}}
{{- end -}}
{{- end -}}
{{- include "aristarch.refusedPlaces" . -}}
{{- include "aristarch.refusedTraffic" . -}}
{{- if and $v.tls.existingSecret (eq $v.probes.readiness "grpc") -}}
{{- fail "probes.readiness is grpc, but Kubernetes' gRPC probes speak no TLS: set it to auto or http" -}}
{{- end -}}
{{- if and $v.tls.http (not $v.tls.existingSecret) -}}
{{- fail "tls.http needs a certificate: set tls.existingSecret" -}}
{{- end -}}
{{- if and $v.trustedKeys.existingSecret (not $v.trustedKeys.keys) -}}
{{- fail "trustedKeys.existingSecret without trustedKeys.keys: name the keys of the secret" -}}
{{- end -}}
{{- if and $v.grpcRoute.enabled (not $v.grpcRoute.parentRefs) -}}
{{- fail "grpcRoute.enabled without grpcRoute.parentRefs: name the gateway that it joins" -}}
{{- end -}}
{{- if and $v.grpcRoute.enabled $v.tls.existingSecret (not $v.grpcRoute.backendTls) -}}
{{- fail "grpcRoute.enabled with tls.existingSecret: a gateway speaks plain text to the service unless a BackendTLSPolicy says otherwise; apply one that names the service, its host and its authority, and set grpcRoute.backendTls to true" -}}
{{- end -}}
{{- if and $v.ingress.enabled (not $v.ingress.hosts) -}}
{{- fail "ingress.enabled without ingress.hosts: name the host" -}}
{{- end -}}
{{- end -}}

{{/* Pods that could not start, would wait for a volume, or would be evicted. */}}
{{- define "aristarch.refusedPlaces" -}}
{{- $v := .Values -}}
{{- $autoscaled := or $v.autoscaling.hpa.enabled $v.autoscaling.keda.enabled -}}
{{- if and $v.model.pvc.readWriteOnce (or $autoscaled (gt (int $v.replicas) 1)) -}}
{{- fail "model.pvc.readWriteOnce is a claim that one node can mount: set replicas to 1 and no autoscaler, or take a claim with ReadOnlyMany or ReadWriteMany, or model.source image or fetch" -}}
{{- end -}}
{{- if and (eq $v.model.source "pvc") (not $v.model.pvc.readWriteOnce) (include "aristarch.isForOneNode" (dict "root" . "claim" $v.model.pvc.claimName)) -}}
{{- fail (printf "the claim %s can be mounted by one node alone: set model.pvc.readWriteOnce and replicas to 1, or take a claim with ReadOnlyMany or ReadWriteMany, or model.source image or fetch" $v.model.pvc.claimName) -}}
{{- end -}}
{{- with $v.config.candidateLog -}}
{{- $path := . -}}
{{- $places := list "/tmp/" -}}
{{- range $v.volumeMounts -}}{{- $places = append $places (printf "%s/" (trimSuffix "/" .mountPath)) -}}{{- end -}}
{{- $found := list -}}
{{- range $places -}}{{- if hasPrefix . $path -}}{{- $found = append $found . -}}{{- end -}}{{- end -}}
{{- if not $found -}}
{{- fail (printf "config.candidateLog is %s, where a pod may not write: put it below /tmp/, or below a mountPath of volumeMounts" $path) -}}
{{- end -}}
{{- end -}}
{{- $limit := include "aristarch.mebibytes" (dig "limits" "ephemeral-storage" "" (default dict $v.resources)) | int -}}
{{- $needed := add (include "aristarch.tmpMebibytes" . | int) (ternary 0 (include "aristarch.mebibytes" (default "" $v.model.sizeLimit) | int) (eq $v.model.source "pvc")) -}}
{{- if and (gt $limit 0) (lt $limit (int $needed)) -}}
{{- fail (printf "resources.limits.ephemeral-storage is %dMi, but the model and /tmp may take %dMi, for which the pod would be evicted: raise it, or lower model.sizeLimit, tmp.sizeMi or config.candidateLogBytes" $limit (int $needed)) -}}
{{- end -}}
{{- end -}}

{{/* Traffic that the NetworkPolicy would stop. */}}
{{- define "aristarch.refusedTraffic" -}}
{{- $v := .Values -}}
{{- if include "aristarch.hasKafka" . -}}
{{- range splitList "," (include "aristarch.kafkaBrokers" .) -}}
{{- if not (regexMatch "^[^\\s/@]+:[0-9]{1,5}$" .) -}}
{{- fail (printf "config.kafkaBrokers names %s: name a host and its port, such as kafka:9092" .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if $v.networkPolicy.enabled -}}
{{- if and $v.ingress.enabled (not $v.networkPolicy.ingressFrom) -}}
{{- fail "ingress.enabled, but the NetworkPolicy stops the ingress controller: set networkPolicy.ingressFrom to where its pods are, such as [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ingress-nginx}}}]" -}}
{{- end -}}
{{- if and $v.grpcRoute.enabled (not $v.networkPolicy.gatewayFrom) -}}
{{- fail "grpcRoute.enabled, but the NetworkPolicy stops the gateway: set networkPolicy.gatewayFrom to where its pods are, such as [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: gateways}}}]" -}}
{{- end -}}
{{- if and (ne $v.service.type "ClusterIP") (not $v.networkPolicy.grpcFrom) -}}
{{- fail (printf "service.type is %s, but the NetworkPolicy stops who comes from outside: set networkPolicy.grpcFrom to who may call, such as [{ipBlock: {cidr: 0.0.0.0/0}}]" $v.service.type) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Names that would say something else than what is meant, or that the chart gives itself. */}}
{{- define "aristarch.refusedNames" -}}
{{- $v := .Values -}}
{{- range $name, $path := dict "model.path" $v.model.path "training.path" $v.training.path -}}
{{- if has ".." (splitList "/" (default "" $path)) -}}
{{- fail (printf "%s is %s, which leads out of the volume: name a folder inside it, without .." $name $path) -}}
{{- end -}}
{{- end -}}
{{- $tags := dict "image.tag" (printf ":%s" (default "" $v.image.tag)) "model.image.reference" $v.model.image.reference "model.fetch.image" $v.model.fetch.image -}}
{{- range $name, $reference := $tags -}}
{{- if hasSuffix ":latest" (default "" $reference) -}}
{{- fail (printf "%s is the tag latest, which is another image tomorrow: name a version, or a digest" $name) -}}
{{- end -}}
{{- end -}}
{{- $labels := list "app.kubernetes.io/name" "app.kubernetes.io/instance" "app.kubernetes.io/component" "app.kubernetes.io/version" "app.kubernetes.io/managed-by" "helm.sh/chart" -}}
{{- $m := $v.monitoring -}}
{{- $given := dict "podLabels" $v.podLabels "monitoring.serviceMonitor.labels" $m.serviceMonitor.labels "monitoring.alerts.labels" $m.alerts.labels "monitoring.dashboards.labels" $m.dashboards.labels -}}
{{- range $name, $texts := $given -}}{{- include "aristarch.refusedKeys" (list $name $texts $labels) -}}{{- end -}}
{{- include "aristarch.refusedKeys" (list "podAnnotations" $v.podAnnotations (list "checksum/config")) -}}
{{- include "aristarch.refusedKeys" (list "autoscaling.keda.metadata" $v.autoscaling.keda.metadata (list "bootstrapServers" "consumerGroup" "topic" "lagThreshold" "offsetResetPolicy")) -}}
{{- end -}}

{{/* A key that is there twice is no YAML. */}}
{{- define "aristarch.refusedKeys" -}}
{{- $name := index . 0 -}}
{{- $taken := index . 2 -}}
{{- range $key, $_ := index . 1 -}}
{{- if has $key $taken -}}
{{- fail (printf "%s holds %s, which the chart sets itself: leave it out" $name $key) -}}
{{- end -}}
{{- end -}}
{{- end -}}
