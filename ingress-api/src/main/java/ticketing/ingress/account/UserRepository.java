package ticketing.ingress.account;

import java.util.Optional;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.Repository;

/// The rows of `users`. Read outside of a read-only transaction, hence always from the primary.
interface UserRepository extends Repository<UserEntity, String> {

  UserEntity save(UserEntity row);

  @Query("select u from UserEntity u where u.id = :id")
  Optional<UserEntity> find(String id);

  @Query("select u from UserEntity u where u.email = :email")
  Optional<UserEntity> findByEmail(String email);
}
