# The service alone: it needs a PostgreSQL to be told of, and none is inside.
#
#   docker build -t rapport .
#   docker run -p 8080:8080 -p 9090:9090 -e RAPPORT_DATABASE_URL=postgres://... \
#     -e RAPPORT_AUTH=none -e RAPPORT_ALLOW_INSECURE=true rapport serve --migrate
#
# RAPPORT_ALLOW_INSECURE is for a network that only trusted services reach: without
# authentication the service refuses to listen beyond its own host.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /rapport ./cmd/rapport

# Certificates of the public authorities, time zones and an account that is not root.
FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /rapport /rapport
ENV RAPPORT_GRPC_ADDR=:9090 RAPPORT_HTTP_ADDR=:8080
# The admin port (metrics, pprof) stays on the container's own loopback.
EXPOSE 8080 9090
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["/rapport", "healthcheck"]
ENTRYPOINT ["/rapport"]
CMD ["serve"]
