{{/* What values.schema.json cannot see, with the remedy. */}}

{{- define "aristarch.refusals" -}}
{{- $v := .Values -}}
{{- if and $v.autoscaling.hpa.enabled $v.autoscaling.keda.enabled -}}
{{- fail "autoscaling.hpa.enabled and autoscaling.keda.enabled exclude each other, since both set the number of pods: leave one of them on" -}}
{{- end -}}
{{- if and $v.autoscaling.keda.enabled (not (include "aristarch.hasKafka" .)) -}}
{{- fail "autoscaling.keda.enabled scales by the lag of a topic: set config.kafkaBrokers, topicIn, topicOut and deadLetter as well" -}}
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
{{- if and $v.ingress.enabled (not $v.ingress.hosts) -}}
{{- fail "ingress.enabled without ingress.hosts: name the host" -}}
{{- end -}}
{{- if $v.training.enabled -}}
{{- if not (and $v.training.modelName $v.training.claimName) -}}
{{- fail "training.enabled needs training.modelName and training.claimName, to which the model is written" -}}
{{- end -}}
{{- end -}}
{{- end -}}
