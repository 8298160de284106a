{{/* Settings that `serve` or `train` would refuse at its start, with the remedy. files/refusals.json is made of their own tables. */}}

{{- define "aristarch.refusedSettings" -}}
{{- $facts := .Files.Get "files/refusals.json" | fromJson -}}
{{- range $section, $bounds := $facts.bounds -}}
{{- $given := ternary $.Values.training.config $.Values.config (eq $section "training.config") -}}
{{- range $name, $value := $given -}}
{{- if and (kindIs "string" $value) (hasKey $bounds $name) -}}
{{- range splitList "," $value -}}
{{- include "aristarch.refusedNumber" (dict "path" (printf "%s.%s" $section $name) "text" (trim .) "bounds" (get $bounds $name)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $.Values.env -}}
{{- if hasKey $facts.environment .name -}}
{{- $instead := get $facts.environment .name -}}
{{- fail (printf "env sets %s, which the chart must know itself: leave it out, and set %s" .name (ternary (printf "config.%s" $instead) "the value of the chart that is about it" (ne $instead ""))) -}}
{{- end -}}
{{- end -}}
{{- include "aristarch.refusedKafka" . -}}
{{- include "aristarch.refusedCallers" . -}}
{{- include "aristarch.refusedTraining" (dict "root" . "facts" $facts) -}}
{{- end -}}

{{/* A number that is a text, as `--set` leaves fractions: of numbers the schema knows the bounds. */}}
{{- define "aristarch.refusedNumber" -}}
{{- $wanted := list -}}
{{- $isNumber := regexMatch "^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?$" .text -}}
{{- $number := float64 .text -}}
{{- $fits := and $isNumber (or (not .bounds.isWhole) (eq (floor $number) $number)) -}}
{{- range list (list "minimum" "at least") (list "exclusiveMinimum" "more than") (list "maximum" "at most") (list "exclusiveMaximum" "less than") -}}
{{- $word := first . -}}
{{- if hasKey $.bounds $word -}}
{{- $bound := get $.bounds $word | float64 -}}
{{- $isWhole := eq (floor $bound) $bound -}}
{{- $wanted = append $wanted (printf "%s %s" (last .) (ternary (toString (int64 $bound)) (toString $bound) $isWhole)) -}}
{{- $isBeyond := ternary (lt $number $bound) (gt $number $bound) (contains "inimum" $word) -}}
{{- if or $isBeyond (and (hasPrefix "exclusive" $word) (eq $number $bound)) -}}{{- $fits = false -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- if not $fits -}}
{{- fail (printf "%s cannot be %s: a %s, %s, is needed" .path (quote .text) (ternary "whole number" "number" .bounds.isWhole) (join " and " $wanted)) -}}
{{- end -}}
{{- end -}}

{{/* Whether a secret of the environment is given, by the chart's value or by `env`. */}}
{{- define "aristarch.hasVariable" -}}
{{- $found := .byValue -}}
{{- range .root.Values.env -}}{{- if eq .name $.name -}}{{- $found = true -}}{{- end -}}{{- end -}}
{{- if $found -}}true{{- end -}}
{{- end -}}

{{- define "aristarch.refusedKafka" -}}
{{- $c := .Values.config -}}
{{- $k := default dict .Values.kafka -}}
{{- $topics := list -}}
{{- range list "topicIn" "topicOut" "deadLetter" -}}
{{- $topic := get $c . -}}
{{- if and (include "aristarch.hasKafka" $) (not $topic) -}}
{{- fail (printf "config.kafkaBrokers without config.%s: events are read from topicIn, results go to topicOut, and what cannot be scored to deadLetter; set all three, or leave kafkaBrokers out" .) -}}
{{- end -}}
{{- if and $topic (not (include "aristarch.hasKafka" $)) -}}
{{- fail (printf "config.%s without config.kafkaBrokers: set kafkaBrokers to the brokers, such as [kafka:9092], or leave the topics out" .) -}}
{{- end -}}
{{- if has $topic $topics -}}
{{- fail (printf "config.%s is %s, which is another one of topicIn, topicOut and deadLetter as well: they must differ, since a topic that is read and written feeds on itself" . $topic) -}}
{{- end -}}
{{- if $topic -}}{{- $topics = append $topics $topic -}}{{- end -}}
{{- end -}}
{{- range list "caKey" "certKey" "keyKey" "passwordKey" -}}
{{- if and (get $k .) (not $k.existingSecret) -}}
{{- fail (printf "kafka.%s names a key of no secret: set kafka.existingSecret" .) -}}
{{- end -}}
{{- end -}}
{{- if ne (empty $k.certKey) (empty $k.keyKey) -}}
{{- fail "kafka.certKey and kafka.keyKey belong together: set both or neither" -}}
{{- end -}}
{{- $password := include "aristarch.hasVariable" (dict "root" . "name" "ARISTARCH_KAFKA_SASL_PASSWORD" "byValue" (and $k.existingSecret $k.passwordKey)) -}}
{{- if and $c.kafkaSaslUser (not $password) -}}
{{- fail "config.kafkaSaslUser without a password: set kafka.existingSecret and kafka.passwordKey" -}}
{{- end -}}
{{- if and $password (not $c.kafkaSaslUser) -}}
{{- fail "a password for the brokers without a user: set config.kafkaSaslUser, or leave kafka.passwordKey empty" -}}
{{- end -}}
{{- range list "kafkaFormat" "kafkaResultFormat" -}}
{{- if and (not $c.schemaRegistry) (ne (default "json" (get $c .)) "json") -}}
{{- fail (printf "config.%s is %s, whose schemas are in a registry: set config.schemaRegistry to its address" . (get $c .)) -}}
{{- end -}}
{{- end -}}
{{- $registryPassword := include "aristarch.hasVariable" (dict "root" . "name" "ARISTARCH_SCHEMA_REGISTRY_PASSWORD" "byValue" (default dict .Values.schemaRegistry).existingSecret) -}}
{{- if and $c.schemaRegistryUser (not $registryPassword) -}}
{{- fail "config.schemaRegistryUser without a password: set schemaRegistry.existingSecret" -}}
{{- end -}}
{{- if and $registryPassword (not $c.schemaRegistryUser) -}}
{{- fail "schemaRegistry.existingSecret without a user: set config.schemaRegistryUser" -}}
{{- end -}}
{{- end -}}

{{/* Who may call, and which models there are. */}}
{{- define "aristarch.refusedCallers" -}}
{{- $v := .Values -}}
{{- $c := $v.config -}}
{{- if and $v.tls.clientCaKey (not $v.tls.existingSecret) -}}
{{- fail "tls.clientCaKey names a key of no secret: set tls.existingSecret" -}}
{{- end -}}
{{- if and $c.tlsAdminNames (not $v.tls.clientCaKey) -}}
{{- fail "config.tlsAdminNames are of client certificates: set tls.clientCaKey" -}}
{{- end -}}
{{- if and $v.trustedKeys.keys (not $v.trustedKeys.existingSecret) -}}
{{- fail "trustedKeys.keys without trustedKeys.existingSecret: any model would be served; name the secret that has the keys" -}}
{{- end -}}
{{- $jwt := compact (list $c.jwks $c.jwtIssuer $c.jwtAudience) -}}
{{- if and $jwt (lt (len $jwt) 3) -}}
{{- fail "config.jwks, config.jwtIssuer and config.jwtAudience belong together: set all or none" -}}
{{- end -}}
{{- if and $v.model.many $c.modelName -}}
{{- fail "config.modelName renames the one model that is served, and with model.many models have their folders' names: leave it out" -}}
{{- end -}}
{{- range list "defaultModel" "modelField" -}}
{{- if and (get $c .) (not $v.model.many) -}}
{{- fail (printf "config.%s chooses among many models: set model.many as well, or leave it out" .) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "aristarch.refusedTraining" -}}
{{- $t := .root.Values.training -}}
{{- if $t.enabled -}}
{{- $c := $t.config -}}
{{- if not (and $t.modelName $t.claimName) -}}
{{- fail "training.enabled needs training.modelName and training.claimName, to which the model is written" -}}
{{- end -}}
{{- if not (or $c.data $c.source) -}}
{{- fail "training.config names no rows: set training.config.data to where they are, such as [/data/normal.parquet]" -}}
{{- end -}}
{{- $family := default .facts.family $c.family -}}
{{- $own := get .facts.families $family -}}
{{- range $name, $_ := $c -}}
{{- if not (or (has $name $.facts.run) (has $name $own.settings)) -}}
{{- fail (printf "training.config.%s is a setting of another family than %s, which is trained: leave it out, or choose its family" $name $family) -}}
{{- end -}}
{{- end -}}
{{- if and $c.preset (not (has $c.preset $own.presets)) -}}
{{- fail (printf "training.config.preset is %s, and %s has %s" $c.preset $family (join ", " $own.presets)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
