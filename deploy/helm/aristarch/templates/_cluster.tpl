{{/* What the cluster knows already. `helm template`, and those that render by it, ask no cluster: then nothing is known. */}}

{{/* Whether a claim is there, and its volume can be mounted by one node alone. */}}
{{- define "aristarch.isForOneNode" -}}
{{- with lookup "v1" "PersistentVolumeClaim" .root.Release.Namespace .claim -}}
{{- if not (or (has "ReadWriteMany" .spec.accessModes) (has "ReadOnlyMany" .spec.accessModes)) -}}true{{- end -}}
{{- end -}}
{{- end -}}

{{/*
spec.replicas of the Deployment, empty where it is left out. An autoscaler's number is its own; but Helm takes away what an earlier
revision set and this one does not, and the Deployment would fall to one pod. So the number that is there is said again, as long as it is Helm's to keep:
where Helm applies on the server, until another has changed it; where it patches, always, since it looks at its own revisions alone.
*/}}
{{- define "aristarch.replicas" -}}
{{- if not (or .Values.autoscaling.hpa.enabled .Values.autoscaling.keda.enabled) -}}
{{- if not (kindIs "invalid" .Values.replicas) -}}{{- .Values.replicas -}}{{- end -}}
{{- else -}}
{{- $deployment := lookup "apps/v1" "Deployment" .Release.Namespace (include "aristarch.fullname" .) -}}
{{- if $deployment -}}
{{- $applies := false -}}
{{- $isHelms := false -}}
{{- $isAnothers := false -}}
{{- range $deployment.metadata.managedFields -}}
{{- $setsReplicas := hasKey (dig "fieldsV1" "f:spec" dict .) "f:replicas" -}}
{{- if eq .operation "Apply" -}}
{{- $applies = true -}}
{{- $isHelms = or $isHelms $setsReplicas -}}
{{- else if $setsReplicas -}}
{{- $isAnothers = true -}}
{{- end -}}
{{- end -}}
{{- if or (not $applies) (and $isHelms (not $isAnothers)) -}}
{{- $deployment.spec.replicas -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
