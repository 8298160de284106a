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
{{- if and (eq $v.model.source "fetch") (not $v.model.fetch.args) (not $v.model.fetch.command) -}}
{{- fail "model.source is fetch: set model.fetch.args (and model.fetch.image, command) to what writes the model into /models" -}}
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
