package ticketing.ingress;

import java.util.Optional;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.Repository;

/// The rows of `users`. Read outside of a read-only transaction, hence always from the primary.
interface Users extends Repository<UserRow, String> {

  UserRow save(UserRow row);

  @Query("select u from UserRow u where u.id = :id")
  Optional<UserRow> find(String id);

  @Query("select u from UserRow u where u.email = :email")
  Optional<UserRow> findByEmail(String email);
}
