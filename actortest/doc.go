// Package actortest holds a store of actors to the promises of
// [everlatch.ActorStore]. The store of Everlatch passes it on both engines; one
// of your own should, too, before flows rely on it:
//
//	func TestManagers(t *testing.T) {
//		actortest.Run(t, actortest.Subject{
//			Type: managerType,
//			New:  func(t *testing.T) everlatch.ActorStore { return newManagers(t) },
//			Ada:   everlatch.Metadata{"email": "ada@example.com", "name": "Ada"},
//			Grace: everlatch.Metadata{"email": "grace@example.com", "name": "Grace"},
//		})
//	}
package actortest
