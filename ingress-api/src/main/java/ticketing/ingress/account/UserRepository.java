package ticketing.ingress.account;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.springframework.data.jpa.repository.Modifying;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.Repository;
import ticketing.security.Role;

/// Repository of table `users`. Its queries run outside of a read-only transaction and therefore on
/// the primary.
interface UserRepository extends Repository<UserEntity, String> {

  UserEntity save(UserEntity user);

  @Query("select u from UserEntity u where u.id = :id and u.deletedAt is null")
  Optional<UserEntity> find(String id);

  @Query("select u from UserEntity u where u.email = :email and u.deletedAt is null")
  Optional<UserEntity> findByEmail(String email);

  /// Finds and locks an account until the end of the transaction.
  @Query(
      value = "SELECT * FROM users WHERE id = :id AND deleted_at IS NULL FOR UPDATE",
      nativeQuery = true)
  Optional<UserEntity> lock(String id);

  /// Finds and locks the administrators until the end of the transaction.
  @Query(value = "SELECT id FROM users WHERE role = 'ADMIN' FOR UPDATE", nativeQuery = true)
  List<String> lockAdministrators();

  /// Changes the role and starts the next generation of access tokens.
  ///
  /// @return 0 if the generation is another one
  @Modifying(clearAutomatically = true)
  @Query(
      "update UserEntity u set u.role = :role, u.generation = u.generation + 1"
          + " where u.id = :id and u.generation = :generation")
  int setRole(String id, Role role, int generation);

  /// Changes the password and starts the next generation of access tokens.
  ///
  /// @return 0 if the generation is another one
  @Modifying(clearAutomatically = true)
  @Query(
      "update UserEntity u set u.passwordHash = :hash, u.generation = u.generation + 1"
          + " where u.id = :id and u.generation = :generation")
  int setPasswordHash(String id, String hash, int generation);

  /// Changes the password of an owner of the mailbox and starts the next generation of access
  /// tokens.
  ///
  /// @return 0 if the generation is another one
  @Modifying(clearAutomatically = true)
  @Query(
      "update UserEntity u set u.passwordHash = :hash, u.generation = u.generation + 1,"
          + " u.emailConfirmedAt = coalesce(u.emailConfirmedAt, :now)"
          + " where u.id = :id and u.generation = :generation")
  int resetPasswordHash(String id, String hash, Instant now, int generation);

  @Modifying(clearAutomatically = true)
  @Query(
      "update UserEntity u set u.emailConfirmedAt = :now"
          + " where u.id = :id and u.emailConfirmedAt is null")
  int confirmEmail(String id, Instant now);

  /// Removes the personal data and starts the next generation of access tokens.
  ///
  /// @return 0 if the generation is another one
  @Modifying(clearAutomatically = true)
  @Query(
      "update UserEntity u set u.email = :email, u.name = '-', u.passwordHash = :hash,"
          + " u.role = ticketing.security.Role.BUYER, u.deletedAt = :now,"
          + " u.generation = u.generation + 1 where u.id = :id and u.generation = :generation")
  int erase(String id, String email, String hash, Instant now, int generation);
}
