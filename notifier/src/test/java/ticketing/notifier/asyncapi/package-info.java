/// AsyncAPI document `docs/api/asyncapi.yaml`, and its validation against real frames.
package ticketing.notifier.asyncapi;
