package ticketing.ingress;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DriverManagerDataSource;
import ticketing.local.servers.LocalServers;

/// A second schema plays the replica, so that what is read there cannot come from the writer.
class ReadReplicasTest {

  private static final String NEW_EVENT =
      """
      {"eventName":"On the writer","eventDate":"2099-12-24T10:00:00Z","venueName":"Hall",
       "venueAddress":"Seoul","seatTypes":[{"seatType":"A","price":"10.00","totalSeats":5}]}""";

  private static Ingress ingress;

  @BeforeAll
  static void start() {
    LocalServers servers = LocalServers.shared();
    String url = servers.newDatabase();
    DataSource replica = direct(url);
    Flyway.configure().dataSource(replica).locations("classpath:db/migration").load().migrate();
    JdbcClient.create(replica)
        .sql(
            """
            INSERT INTO events (event_name, total_seats, available_seats, event_date, status)
            VALUES ('On the replica', 5, 5, '2099-12-24 10:00:00', 'ACTIVE')""")
        .update();
    ingress = Ingress.start(Map.of("ticketing.database.reader-url", url));
  }

  @AfterAll
  static void stop() {
    ingress.close();
  }

  @Test
  void readOnlyTransactionsReadTheReplicaAndAllElseTheWriter() {
    var created = ingress.post("/api/v1/events", ingress.admin(), NEW_EVENT);
    assertThat(created.status()).isEqualTo(201);

    var list = ingress.get("/api/v1/events", null).json().path("content");
    assertThat(list).hasSize(1);
    assertThat(list.get(0).path("eventName").asString()).isEqualTo("On the replica");

    var written = JdbcClient.create(direct(ingress.databaseUrl)).sql("SELECT event_name FROM events");
    assertThat(written.query(String.class).list()).containsExactly("On the writer");
  }

  private static DataSource direct(String url) {
    LocalServers servers = LocalServers.shared();
    return new DriverManagerDataSource(
        url + "?useInformationSchema=false", servers.databaseUser(), servers.databasePassword());
  }
}
