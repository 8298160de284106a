# Aristarch on processors:
#   docker build --tag aristarch:0.1.0 --build-arg REVISION="$(git rev-parse HEAD)" .
# `npm run check:image` does the same steps without a container engine.
#
# Base images are named by digest: a tag is moved when its image is built anew. Of another tag: docker buildx imagetools inspect IMAGE
ARG NODE=node:24.21.0-bookworm-slim@sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6

FROM ${NODE} AS build
ARG NODE
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY tools/ tools/
COPY src/ src/
COPY deploy/image/wheels.txt ./
# What is left is what runs, and the list of it: no packages of development, and no other platform's libraries. The list comes after the
# packages of development are gone, since npm leaves out what those need as well.
RUN npm run build \
  && npm prune --omit dev --no-audit --no-fund \
  && npm pkg delete devDependencies \
  && npm sbom --omit dev --sbom-format cyclonedx >sbom.cdx.json \
  && node tools/complete-sbom.mjs sbom.cdx.json "container:${NODE}" "application:node@$(node -p process.versions.node)" wheels.txt \
  && node tools/keep-platform.mjs

# DuckDB's extension for S3, so that `train` and `score` read s3:// addresses without a download.
FROM python:3.13.14-slim-bookworm@sha256:67a1e1f215ccda113cfc024e8639049257e88f273898f595b61476d128d387e8 AS extension
WORKDIR /build
COPY deploy/image/wheels.txt ./
RUN pip install --no-cache-dir --no-deps --only-binary=:all: --require-hashes --target wheel --requirement wheels.txt

FROM ${NODE}
ARG REVISION=unknown
LABEL org.opencontainers.image.title="aristarch" \
  org.opencontainers.image.description="Anomaly detection with trained critics, served over gRPC, Kafka and HTTP" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.version="0.1.0" \
  org.opencontainers.image.revision="${REVISION}"
WORKDIR /app
# Node's slim image has no certificate authorities of its own, which OpenSSL in the extension asks for.
COPY --from=extension /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=extension /build/wheel/duckdb_extension_httpfs/extensions/v1.5.5/ lib/
COPY --from=build /build/node_modules/ node_modules/
COPY --from=build /build/dist/ dist/
COPY --from=build /build/package.json /build/sbom.cdx.json ./
COPY proto/ proto/
COPY LICENSE ./
COPY deploy/image/aristarch bin/
ENV NODE_ENV=production \
  ARISTARCH_DUCKDB_HTTPFS=/app/lib/httpfs.duckdb_extension \
  PATH=/app/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# Nobody in particular, and by number, so that Kubernetes can see that it is not root.
USER 10001:10001
EXPOSE 50051 8080
ENTRYPOINT ["/app/bin/aristarch"]
CMD ["--help"]
