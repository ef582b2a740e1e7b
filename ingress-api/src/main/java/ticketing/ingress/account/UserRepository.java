package ticketing.ingress.account;

import java.util.Optional;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.Repository;

/// Repository of table `users`. Its queries run outside of a read-only transaction and therefore on
/// the primary.
interface UserRepository extends Repository<UserEntity, String> {

  UserEntity save(UserEntity user);

  @Query("select u from UserEntity u where u.id = :id")
  Optional<UserEntity> find(String id);

  @Query("select u from UserEntity u where u.email = :email")
  Optional<UserEntity> findByEmail(String email);
}
