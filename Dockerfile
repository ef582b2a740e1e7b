# Image of one of the three applications. Build the jars first: mvn -DskipTests package
#   docker build --build-arg MODULE=ingress-api --build-arg MANAGEMENT_PORT=9080 -t ticketing/ingress-api .
# Supports amd64 and arm64 (docker buildx build --platform linux/amd64,linux/arm64 ...).

FROM eclipse-temurin:25-jre AS unpacked
ARG MODULE
WORKDIR /unpacked
COPY ${MODULE}/target/${MODULE}-1.0.0.jar app.jar
RUN java -Djarmode=tools -jar app.jar extract --layers --destination layers \
 && mkdir -p layers/dependencies layers/snapshot-dependencies layers/application

# Layers in increasing order of change frequency.
FROM eclipse-temurin:25-jre AS application
WORKDIR /app
COPY --from=unpacked /unpacked/layers/dependencies/ ./
COPY --from=unpacked /unpacked/layers/snapshot-dependencies/ ./
COPY --from=unpacked /unpacked/layers/application/ ./

# Training run: starts the application without opening connections and stores the loaded classes in an AOT cache.
# The cache is valid only for this JVM and these jars.
FROM application AS trained
COPY docker/train /usr/local/bin/train
RUN train

FROM application
ARG MANAGEMENT_PORT
COPY --from=trained /app/app.aot ./
COPY docker/health docker/start /usr/local/bin/
ENV TICKETING_MANAGEMENT_PORT=${MANAGEMENT_PORT}
# A new instance is warm before it gets traffic.
ENV TICKETING_WARM_UP_MODE=before-ready
# A numeric user, so that the runtime can verify that it is not root. The process writes only to /tmp, which may be
# a tmpfs on a read-only root file system.
USER 10001:10001
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 CMD ["health"]
ENTRYPOINT ["start"]
